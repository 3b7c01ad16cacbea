import { parseJsonText } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import { invalid, shown } from './faults.ts';
import { importLimits, refuseAbove } from './import-limits.ts';

/** One JSON object of a text that holds several, with the line on which it begins (from 1). */
export interface JsonDocument {
  readonly value: Readonly<Record<string, unknown>>;
  readonly line: number;
}

/**
 * The JSON objects of a text, one after another with white space between them: a file, the lines of a QMP log, a
 * `.replies` session. Depth and number of values are checked before anything is parsed.
 * @throws IMPORT_INVALID with the line, IMPORT_TOO_LARGE
 */
export function readJsonDocuments(text: string, source: string): readonly JsonDocument[] {
  return splitObjects(text, source).map(({ start, end, line }) => {
    const where = `${source}: from line ${line}`;
    const value = parseJsonText(text.slice(start, end), { code: 'IMPORT_INVALID', source: where });
    return { value: value as Readonly<Record<string, unknown>>, line };
  });
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

function splitObjects(text: string, source: string): readonly Span[] {
  const spans: Span[] = [];
  let line = 1;
  for (let at = 0; ;) {
    const start = skipSpace(text, at);
    line += countLines(text, at, start);
    if (start === text.length) return spans;
    if (text[start] !== '{') {
      const stray = shown(text.slice(start, start + 40));
      throw invalid(`${stray} stands between JSON objects`, `${source}: line ${line}`, 'paste JSON objects only');
    }
    const end = endOfObject(text, start, source);
    spans.push({ start, end, line });
    refuseAbove(spans.length, importLimits.jsonDocuments, 'JSON documents', source);
    line += countLines(text, start, end);
    at = end;
  }
}

/** Position after the bracket that closes the object; strings are passed over. */
function endOfObject(text: string, start: number, source: string): number {
  let depth = 0;
  let commas = 0;
  for (let at = start; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at, source);
        break;
      case ',':
        commas += 1;
        if (commas >= importLimits.jsonValues) throw tooLarge(`has more than ${commas} values`, text, at, source);
        break;
      case '{':
      case '[':
        depth += 1;
        if (depth > importLimits.depth) throw tooLarge(`is nested deeper than ${depth - 1} levels`, text, at, source);
        break;
      case '}':
      case ']':
        depth -= 1;
        if (depth === 0) return at + 1;
        break;
      default:
    }
  }
  const remedy = 'it was cut short; copy it again, whole';
  throw invalid('the JSON ends too early', `${source}: from line ${lineOf(text, start)}`, remedy);
}

/** Position of the closing quote. */
function endOfString(text: string, opening: number, source: string): number {
  for (let at = opening + 1; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === '"') return at;
    else if (character === '\n') break;
  }
  throw invalid('a string of the JSON has no end', `${source}: line ${lineOf(text, opening)}`);
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text.charAt(at))) at += 1;
  return at;
}

function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (text[at] === '\n') count += 1;
  return count;
}

const lineOf = (text: string, at: number): number => 1 + countLines(text, 0, at);

function tooLarge(message: string, text: string, at: number, source: string): AtlasError {
  return new AtlasError('IMPORT_TOO_LARGE', message, {
    where: `${source}: line ${lineOf(text, at)}`,
    remedy: 'send a document of the documented shape',
  });
}
