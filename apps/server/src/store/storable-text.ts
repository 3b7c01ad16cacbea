import { AtlasError } from '@cpu-atlas/core';

/** Longest key, characters. An index of PostgreSQL takes about 2,700 bytes. */
const keyLength = 512;

/**
 * Text as both engines keep it. One cuts text at a NUL, the other refuses it; halves of surrogate pairs are not UTF-8.
 * All of these become U+FFFD.
 */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\ufffd').replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

/**
 * Text that names something, unchanged.
 * @throws REQUEST_INVALID for one that an engine would change or refuse
 */
export function storableKey(key: string): string {
  if (key.length <= keyLength && key === storableText(key)) return key;
  throw new AtlasError('REQUEST_INVALID', `a name for the store is too long or holds characters that cannot be kept`, {
    where: JSON.stringify(key.slice(0, 64)),
    remedy: `use at most ${keyLength} characters, without NUL`,
  });
}
