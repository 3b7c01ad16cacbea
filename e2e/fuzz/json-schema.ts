import fc from 'fast-check';

/** As much of JSON Schema as the OpenAPI document uses. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface SchemaContext {
  /** `components.schemas` of the document. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  /** Texts that mean something to the server: names, ids, hashes, whole documents. */
  readonly words: readonly string[];
  /** Values that are right for a member or parameter of that name. */
  readonly rightByName: Readonly<Record<string, readonly string[]>>;
}

/** Parts nested deeper than this are left to chance. */
const deepest = 7;

/** Values that a schema lets pass, or nearly so: patterns of texts are followed half of the time. */
export function valuesOf(schema: JsonSchema, context: SchemaContext, depth = 0): fc.Arbitrary<unknown> {
  if (depth > deepest) return fc.jsonValue({ maxDepth: 1 });
  const inner = (part: JsonSchema): fc.Arbitrary<unknown> => valuesOf(part, context, depth + 1);
  if (schema.$ref !== undefined) return inner(context.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined && choices.length > 0) return fc.oneof(...choices.map(inner));
  if (schema.allOf !== undefined && schema.allOf.length > 0)
    return fc.tuple(...schema.allOf.map(inner)).map((parts) => Object.assign({}, ...parts) as unknown);
  const [type] = [schema.type].flat();
  switch (type) {
    case 'object':
      return objectsOf(schema, (part, name) => memberOf(name, part, context, depth + 1));
    case 'array':
      return fc.array(inner(schema.items ?? {}), { maxLength: 4 });
    case 'string':
      return textsOf(schema, context);
    case 'integer':
    case 'number':
      return numbersOf(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** Values of a member or parameter: mostly right ones where they are known by its name. */
export function memberOf(name: string, schema: JsonSchema, context: SchemaContext, depth = 0): fc.Arbitrary<unknown> {
  const any = valuesOf(schema, context, depth);
  const right = Object.hasOwn(context.rightByName, name) ? (context.rightByName[name] ?? []) : [];
  if (right.length === 0) return any;
  return fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: any });
}

function objectsOf(
  schema: JsonSchema,
  inner: (part: JsonSchema, name: string) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const members = Object.entries(schema.properties ?? {});
  const known = Object.fromEntries(members.map(([key, part]) => [key, inner(part, key)]));
  const required = (schema.required ?? []).filter((key) => key in known);
  const fixed = fc.record(known, { requiredKeys: required });
  if (typeof schema.additionalProperties !== 'object') return fixed;
  const others = fc.dictionary(fc.string({ maxLength: 8 }), inner(schema.additionalProperties, ''), { maxKeys: 3 });
  return fc.tuple(others, fixed).map(([more, own]) => ({ ...more, ...own }));
}

function textsOf({ pattern }: JsonSchema, { words }: SchemaContext): fc.Arbitrary<string> {
  const usual = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...words) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  );
  const matching = pattern === undefined ? null : matchesOf(pattern);
  return matching === null ? usual : fc.oneof(matching, usual);
}

/** fast-check does not know every construct of a pattern. */
function matchesOf(pattern: string): fc.Arbitrary<string> | null {
  try {
    return fc.stringMatching(new RegExp(pattern));
  } catch {
    return null;
  }
}

function numbersOf({ minimum = -10, maximum = 10_000 }: JsonSchema): fc.Arbitrary<number> {
  const [min, max] = [Math.max(minimum, -1e9), Math.min(maximum, 1e9)];
  const whole = fc.integer({ min: Math.floor(Math.min(min, max)), max: Math.ceil(max) });
  return fc.oneof(whole, fc.constantFrom(min, max, 0, -1, 1.5, 2 ** 53, 1e308));
}

/** One way to spoil a value. `at` chooses the place, `other` what comes there. */
export interface Spoil {
  readonly kind: 'replace' | 'drop' | 'add' | 'repeat';
  readonly at: number;
  readonly other: unknown;
}

export const spoils: fc.Arbitrary<Spoil> = fc.record({
  kind: fc.constantFrom('replace', 'drop', 'add', 'repeat'),
  at: fc.nat(1_000),
  other: fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown[]>(
      '',
      'x'.repeat(20_000),
      '\u0000',
      '../../etc/passwd',
      '__proto__',
      -0,
      1e400,
      [],
      {},
      Array.from({ length: 3_000 }, () => ({})),
      nested(40),
    ),
  ),
});

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

/** A value with one of its parts spoiled; the value itself stays as it is. */
export function spoil(value: unknown, change: Spoil): unknown {
  const children = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const key = children[change.at % Math.max(children.length, 1)];
  if (key === undefined) return change.kind === 'add' ? [value, change.other] : change.other;
  const isDeeper = change.at % 3 !== 0;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const at = Number(key);
    if (isDeeper) return items.map((item, i) => (i === at ? spoil(item, deeper(change)) : item));
    if (change.kind === 'drop') return items.filter((_, i) => i !== at);
    return change.kind === 'repeat' ? [...items, ...items] : [...items, change.other];
  }
  const object = value as Readonly<Record<string, unknown>>;
  if (isDeeper) return { ...object, [key]: spoil(object[key], deeper(change)) };
  if (change.kind === 'drop') return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
  return change.kind === 'add' ? { ...object, [`${key}x`]: change.other } : { ...object, [key]: change.other };
}

const deeper = (change: Spoil): Spoil => ({ ...change, at: Math.floor(change.at / 3) });
