import { AtlasError } from '@cpu-atlas/core';

/** A damaged place. */
export function invalid(message: string, where: string, remedy = 'copy it again, whole'): AtlasError {
  return new AtlasError('IMPORT_INVALID', message, { where, remedy });
}

/** Something that is recognised, and not what Atlas reads. */
export function unsupported(message: string, where: string, remedy: string): AtlasError {
  return new AtlasError('IMPORT_UNSUPPORTED', message, { where, remedy });
}

/** Something that is never opened. */
export function unsafe(message: string, where: string, remedy: string): AtlasError {
  return new AtlasError('IMPORT_UNSAFE', message, { where, remedy });
}

/** Text from outside, short and printable, for a message. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
