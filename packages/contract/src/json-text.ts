import { AtlasError } from '@cpu-atlas/core';
import type { AtlasErrorCode } from '@cpu-atlas/core';

/**
 * JSON text to a value; a fault tells line and column.
 * @throws the given code
 */
export function parseJsonText(
  text: string,
  fault: { readonly code: AtlasErrorCode; readonly source: string },
): unknown {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  try {
    return JSON.parse(body);
  } catch (cause) {
    if (body.trim() === '') {
      throw new AtlasError(fault.code, 'is empty', { where: fault.source, remedy: 'write or copy it again', cause });
    }
    const offset = faultOffset(body);
    const isCutShort = offset >= body.trimEnd().length;
    throw new AtlasError(fault.code, isCutShort ? 'the JSON ends too early' : 'is not JSON', {
      where: `${fault.source}: ${lineAndColumn(body, offset)}`,
      remedy: isCutShort ? 'it was cut short; write or copy it again' : 'check the text at that place',
      cause,
    });
  }
}

/** Length of the longest beginning of the text that could still become JSON: V8 names the place only sometimes. */
function faultOffset(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (couldContinue(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function couldContinue(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : '';
    if (/end of JSON input|^Unterminated/.test(message)) return true;
    const position = /at position (\d+)/.exec(message)?.[1];
    return position !== undefined && Number(position) >= text.length;
  }
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `line ${line}, column ${offset - before.lastIndexOf('\n')}`;
}
