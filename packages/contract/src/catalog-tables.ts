import type { PropertyValues, SparseWords } from '@cpu-atlas/core';
import { limits } from './limits.ts';
import { z } from './zod.ts';

/**
 * Schemas of the tables of a catalog. They hold nine tenths of its values and are read at every start, so they are checked
 * by loops: zod's general way takes ten times as long when it is cold.
 */

interface TableProblem {
  readonly path: readonly (string | number)[];
  readonly what: string;
}

type Check = (value: unknown) => TableProblem | null;

type Json = z.core.JSONSchema.BaseSchema;

const sparseWordsJson: Json = { type: 'object', additionalProperties: { type: 'string', pattern: '^[0-9a-f]{1,16}$' } };
const propertyValuesJson: Json = {
  type: 'object',
  additionalProperties: { anyOf: [{ type: 'boolean' }, { type: 'number' }, { type: 'string' }] },
};
const indexJson: Json = { type: 'integer', minimum: -1 };

/** `{ "<index into words>": "hex" }`. */
export const sparseWordsSchema = table<SparseWords>(checkSparseWords, sparseWordsJson);
export const sparseWordsListSchema = table<readonly SparseWords[]>(listOf(checkSparseWords), {
  type: 'array',
  items: sparseWordsJson,
});

export const propertyValuesSchema = table<PropertyValues>(checkPropertyValues, propertyValuesJson);
export const propertyValuesListSchema = table<readonly PropertyValues[]>(listOf(checkPropertyValues), {
  type: 'array',
  items: propertyValuesJson,
});

/** Indices into another list, -1 for "none". */
export const indexListSchema = table<readonly number[]>(checkIndexList, { type: 'array', items: indexJson });
export const indexTableSchema = table<readonly (readonly number[])[]>(listOf(checkIndexList), {
  type: 'array',
  items: { type: 'array', items: indexJson },
});

function table<T>(check: Check, json: Json): z.ZodType<T> {
  const schema = z.transform((value: unknown, context): T => {
    const problem = check(value);
    if (problem !== null)
      context.issues.push({ code: 'custom', input: value, path: [...problem.path], message: problem.what });
    // The check has just established it, or the parse fails.
    return value as T;
  });
  schema._zod.toJSONSchema = () => json;
  return schema;
}

function listOf(check: Check): Check {
  return (value) => {
    if (!Array.isArray(value))
      return { path: [], what: value === undefined ? 'is missing (array)' : 'must be an array' };
    for (let at = 0; at < value.length; at += 1) {
      const problem = check(value[at]);
      if (problem !== null) return { path: [at, ...problem.path], what: problem.what };
    }
    return null;
  };
}

function checkIndexList(value: unknown): TableProblem | null {
  if (!Array.isArray(value)) return { path: [], what: value === undefined ? 'is missing (array)' : 'must be an array' };
  for (let at = 0; at < value.length; at += 1) {
    const index: unknown = value[at];
    if (!Number.isInteger(index) || Number(index) < -1) return { path: [at], what: 'must be an index or -1' };
  }
  return null;
}

function checkSparseWords(value: unknown): TableProblem | null {
  if (!isPlainObject(value)) return { path: [], what: 'must be an object of hex digits by word' };
  for (const word in value) {
    const digits = value[word];
    if (!isShortNumber(word)) return { path: [word], what: 'must be an index into words' };
    if (typeof digits !== 'string' || !isHexDigits(digits))
      return { path: [word], what: 'must be lower-case hex digits' };
  }
  return null;
}

function checkPropertyValues(value: unknown): TableProblem | null {
  if (!isPlainObject(value)) return { path: [], what: 'must be an object of values by property' };
  for (const name in value) {
    const property = value[name];
    if (name.length > limits.nameLength)
      return { path: [name], what: `must have at most ${limits.nameLength} characters` };
    const isValue = typeof property === 'boolean' || Number.isFinite(property) || typeof property === 'string';
    if (!isValue || (typeof property === 'string' && property.length > limits.textLength)) {
      return { path: [name], what: 'must be a boolean, a number or a text' };
    }
  }
  return null;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isShortNumber(text: string): boolean {
  return /^\d{1,4}$/.test(text);
}

function isHexDigits(text: string): boolean {
  return /^[0-9a-f]{1,16}$/.test(text);
}
