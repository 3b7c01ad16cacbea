import { AtlasError, type AtlasErrorCode } from '@cpu-atlas/core';
import type { ImportOptions } from '@cpu-atlas/importer';
import type { PreparedImport } from './prepare-import.ts';

/** What a worker thread is given. */
export interface ImportTask {
  readonly input: Uint8Array;
  readonly options: ImportOptions;
}

/** What it answers, once. An error loses its class between threads, so a fault travels as its parts. */
export type ImportAnswer =
  | { readonly kind: 'prepared'; readonly prepared: PreparedImport }
  | { readonly kind: 'fault'; readonly fault: PlainFault };

interface PlainFault {
  readonly code: AtlasErrorCode;
  readonly message: string;
  readonly where: string | undefined;
  readonly remedy: string | undefined;
}

export function plainFault({ code, message, where, remedy }: AtlasError): PlainFault {
  return { code, message, where, remedy };
}

/** The error of the other thread. */
export function revivedFault({ code, message, where, remedy }: PlainFault): AtlasError {
  return new AtlasError(code, message, { where, remedy });
}
