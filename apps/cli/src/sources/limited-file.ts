import { open } from 'node:fs/promises';
import { AtlasError } from '@cpu-atlas/core';

/**
 * The text of a file of at most `limitBytes`, whatever its size claims to be.
 * @throws FILE_UNREADABLE, FILE_TOO_LARGE
 */
export async function readLimitedFile(path: string, limitBytes: number): Promise<string> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    // Not `readFile`: /dev/zero and friends have no end.
    for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: 1 << 18 })) {
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      size += bytes.length;
      if (size > limitBytes) {
        throw new AtlasError('FILE_TOO_LARGE', `has more than ${limitBytes} bytes`, {
          where: path,
          remedy: 'check that it is the file you meant',
        });
      }
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch (cause) {
    throw cause instanceof AtlasError ? cause : unreadable(path, cause);
  } finally {
    await handle.close();
  }
}

/** A failed system call on a file as a fault. */
export function unreadable(path: string, cause: unknown): AtlasError {
  return new AtlasError('FILE_UNREADABLE', `cannot be read (${errorCode(cause)})`, {
    where: path,
    remedy: 'check the path and the permissions',
    cause,
  });
}

export function errorCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}
