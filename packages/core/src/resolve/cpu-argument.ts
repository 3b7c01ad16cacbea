import { AtlasError } from '../errors.ts';

/** One comma-separated part of `-cpu` after the model. `at` is its position in the argument, in characters. */
export type CpuEdit =
  | { readonly kind: 'plus'; readonly name: string; readonly at: number }
  | { readonly kind: 'minus'; readonly name: string; readonly at: number }
  | { readonly kind: 'assign'; readonly name: string; readonly value: string; readonly at: number };

/** A `-cpu` argument taken apart, in the order in which it was written. */
export interface CpuArgument {
  readonly model: string;
  readonly edits: readonly CpuEdit[];
}

const limitCharacters = 32 * 1024;

/**
 * Takes a `-cpu` argument apart as QEMU does: empty parts are skipped, a part without `=` means `=on`, and in
 * `name=value` (only there) `_` stands for `-`.
 * Source: QEMU 7.2 and 10.0, `-cpu` handling of x86 (observed on recorded command lines)
 * @throws CPU_STRING_INVALID
 */
export function parseCpuArgument(text: string): CpuArgument {
  if (text.length > limitCharacters) throw invalid(`longer than ${limitCharacters} characters`, '-cpu');
  if (text.length === 0) throw invalid('-cpu option cannot be empty', '-cpu');
  if (/[\0-\x1f\x7f]/.test(text)) throw invalid('control characters are not allowed', '-cpu');
  const comma = text.indexOf(',');
  if (comma < 0) return { model: text, edits: [] };
  const edits: CpuEdit[] = [];
  let at = comma + 1;
  for (const part of text.slice(at).split(',')) {
    if (part.length > 0) edits.push(parseEdit(part, at));
    at += part.length + 1;
  }
  return { model: text.slice(0, comma), edits };
}

function parseEdit(part: string, at: number): CpuEdit {
  const name = part.slice(1);
  if (part.startsWith('+') || part.startsWith('-')) {
    if (name.length === 0) throw invalid(`"${part}" names no feature`, `-cpu, character ${at + 1}`);
    return { kind: part.startsWith('+') ? 'plus' : 'minus', name, at };
  }
  const equals = part.indexOf('=');
  if (equals < 0) return { kind: 'assign', name: part.replaceAll('_', '-'), value: 'on', at };
  if (equals === 0) throw invalid(`"${part}" names no property`, `-cpu, character ${at + 1}`);
  return { kind: 'assign', name: part.slice(0, equals).replaceAll('_', '-'), value: part.slice(equals + 1), at };
}

function invalid(what: string, where: string): AtlasError {
  return new AtlasError('CPU_STRING_INVALID', what, {
    where,
    remedy: 'write MODEL[,+feature][,-feature][,property=value]…',
  });
}
