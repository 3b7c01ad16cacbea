import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { AtlasError } from '@cpu-atlas/core';

/**
 * The absolute path of an executable: a bare name is looked up in `searchPath` (the form of `$PATH`), a relative path
 * counts from the current directory.
 * @throws QEMU_NOT_FOUND when there is none, or it may not be executed
 */
export async function findQemuBinary(binary: string, searchPath = process.env['PATH'] ?? ''): Promise<string> {
  const candidates = binary.includes('/')
    ? [resolve(binary)]
    : searchPath
        .split(delimiter)
        .filter(isAbsolute)
        .map((folder) => join(folder, binary));
  for (const candidate of candidates) {
    if (await isExecutable(candidate)) return candidate;
  }
  const where = binary.includes('/') ? '' : ' in PATH';
  throw new AtlasError('QEMU_NOT_FOUND', `there is no executable file ${JSON.stringify(binary)}${where}`, {
    where: binary,
    remedy: 'install qemu-system-x86 or name the path of a QEMU system emulator',
  });
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
