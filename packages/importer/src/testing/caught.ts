import { AtlasError } from '@cpu-atlas/core';

/** The AtlasError that a call throws; anything else that it throws goes on, and nothing thrown is an error. */
export function caught(call: () => unknown): AtlasError {
  try {
    call();
  } catch (error) {
    if (error instanceof AtlasError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
