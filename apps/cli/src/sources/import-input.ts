import { importLimits } from '@cpu-atlas/importer';
import { AtlasError } from '@cpu-atlas/core';
import { readLimitedBytes, sourceOf } from './limited-file.ts';

/** What is imported, as bytes, and what to call it in messages. */
export interface ImportInput {
  readonly source: string;
  /** The file's name without folder and ending; undefined: there is none. */
  readonly baseName: string | undefined;
  readonly bytes: Uint8Array;
}

/**
 * Reads a file, or stdin for `-`, up to the size that can be imported.
 * @throws FILE_UNREADABLE, IMPORT_TOO_LARGE
 */
export async function readImportInput(path: string): Promise<ImportInput> {
  const source = sourceOf(path);
  const bytes = await readLimitedBytes(path, importLimits.zip.archiveBytes);
  if (bytes === null) throw tooLarge(source);
  return { source, baseName: path === '-' ? undefined : baseNameOf(path), bytes };
}

function tooLarge(where: string): AtlasError {
  const limit = importLimits.zip.archiveBytes;
  return new AtlasError('IMPORT_TOO_LARGE', `has more than ${limit} bytes`, { where, remedy: 'import it in parts' });
}

/** `/tmp/node-a.txt` is of the host node-a. */
function baseNameOf(path: string): string | undefined {
  const name = (path.split('/').at(-1) ?? '').replace(/\.[A-Za-z0-9]{1,8}$/, '');
  return name === '' ? undefined : name;
}
