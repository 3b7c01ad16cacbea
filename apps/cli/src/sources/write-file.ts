import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AtlasError } from '@cpu-atlas/core';
import { errorCode } from './limited-file.ts';

/** Writes a file in one step: whoever reads it sees the old text or the new one. @throws FILE_UNWRITABLE */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw new AtlasError('FILE_UNWRITABLE', `cannot be written (${errorCode(cause)})`, {
      where: path,
      remedy: 'check the path, the permissions and the space',
      cause,
    });
  }
}
