import { createReadStream } from 'node:fs';
import { importLimits } from '@cpu-atlas/importer';
import { AtlasError } from '@cpu-atlas/core';
import { unreadable } from './limited-file.ts';

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
  const isStdin = path === '-';
  const source = isStdin ? 'stdin' : path;
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of isStdin ? process.stdin : createReadStream(path)) {
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      sizeBytes += bytes.length;
      // Whatever its size claims to be: /dev/zero and friends have no end.
      if (sizeBytes > importLimits.zip.archiveBytes) throw tooLarge(source);
    }
  } catch (cause) {
    throw cause instanceof AtlasError ? cause : unreadable(source, cause);
  }
  return { source, baseName: isStdin ? undefined : baseNameOf(path), bytes: Buffer.concat(chunks) };
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
