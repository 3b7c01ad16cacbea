import { AtlasError } from '@cpu-atlas/core';

/** Readers of what a command returned: the value of the expected shape, or QMP_PROTOCOL naming the place. */

/** @throws QMP_PROTOCOL */
export function expectObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  throw unexpected('an object', value, where);
}

/** @throws QMP_PROTOCOL */
export function expectList(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw unexpected('a list', value, where);
}

/** @throws QMP_PROTOCOL */
export function expectString(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw unexpected('a string', value, where);
}

/** @throws QMP_PROTOCOL */
export function expectInteger(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw unexpected('an integer', value, where);
}

/** @throws QMP_PROTOCOL */
export function expectBoolean(value: unknown, where: string): boolean {
  if (typeof value === 'boolean') return value;
  throw unexpected('true or false', value, where);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unexpected(expected: string, value: unknown, where: string): AtlasError {
  const got = (JSON.stringify(value) ?? 'nothing').slice(0, 80);
  return new AtlasError('QMP_PROTOCOL', `expected ${expected}, got ${got}`, { where });
}
