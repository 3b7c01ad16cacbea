import { AtlasError } from '@cpu-atlas/core';
import type { AtlasErrorCode } from '@cpu-atlas/core';
import type { z } from './zod.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

export interface ParseFault {
  readonly code: AtlasErrorCode;
  readonly remedy: string;
  /** File, line or request part in which the value stood; goes before the path. */
  readonly source?: string | undefined;
}

/**
 * Validates with a schema and tells the first problem as `$.path[3].to.it: what`.
 * @throws the given code
 */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, fault: ParseFault): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problem = firstProblem(result.error.issues, value);
  throw new AtlasError(fault.code, problem.what, {
    where: fault.source === undefined ? problem.where : `${fault.source}: ${problem.where}`,
    remedy: fault.remedy,
  });
}

/** The first problem of a failed validation: a JSON path from `$`, and what is wrong there, in plain words. */
export function firstProblem(
  issues: readonly Issue[],
  value: unknown,
): { readonly where: string; readonly what: string } {
  const issue = issues[0];
  if (issue === undefined) return { where: '$', what: 'does not have the documented shape' };
  const { path, leaf } = innermost(issue);
  return { where: jsonPath(path), what: describe(leaf, valueAt(value, path)) };
}

/** `['cpus', 0, 'eax']` as `$.cpus[0].eax`. */
export function jsonPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const name = String(key).slice(0, 100);
    return /^[A-Za-z_][\w-]*$/.test(name) ? `${text}.${name}` : `${text}[${JSON.stringify(name)}]`;
  }, '$');
}

/** Of a union's branches, the one that the value came furthest in; the last one where they tie. */
function innermost(issue: Issue): { readonly path: Path; readonly leaf: Issue } {
  if (issue.code !== 'invalid_union') return { path: issue.path, leaf: issue };
  let best: { path: Path; leaf: Issue } | undefined;
  for (const branch of issue.errors) {
    const first = branch[0];
    if (first === undefined) continue;
    const inner = innermost(first);
    if (best === undefined || inner.path.length >= best.path.length) best = { path: [...inner.path], leaf: inner.leaf };
  }
  return best === undefined
    ? { path: issue.path, leaf: issue }
    : { path: [...issue.path, ...best.path], leaf: best.leaf };
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}

function describe(issue: Issue, found: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return found === undefined
        ? `is missing (${issue.expected})`
        : `must be ${article(issue.expected)}, is ${shown(found)}`;
    case 'invalid_value':
      return `must be ${issue.values.map((one) => JSON.stringify(one)).join(' or ')}, is ${shown(found)}`;
    case 'too_big':
      return `must have at most ${issue.maximum}${unit(issue.origin)}`;
    case 'too_small':
      return `must have at least ${issue.minimum}${unit(issue.origin)}`;
    default:
      return `${issue.message}${found === undefined || typeof found === 'object' ? '' : `, is ${shown(found)}`}`;
  }
}

function unit(origin: string): string {
  if (origin === 'array') return ' items';
  if (origin === 'string') return ' characters';
  return origin === 'number' || origin === 'int' ? ' as its value' : ' entries';
}

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

/** Names a value from outside without letting it flood or garble the message. */
function shown(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
    case 'number':
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'missing';
    default:
      return article(typeof value);
  }
}
