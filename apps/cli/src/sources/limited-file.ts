import { createReadStream } from 'node:fs';
import { AtlasError } from '@cpu-atlas/core/errors';

/** How a path is called in messages. `-` is the standard input, which may be a file, a pipe or a socket. */
export function sourceOf(path: string): string {
  return path === '-' ? 'stdin' : path;
}

/**
 * The text of a file, or of stdin for `-`, of at most `limitBytes`, whatever its size claims to be.
 * @throws FILE_UNREADABLE, FILE_TOO_LARGE
 */
export async function readLimitedFile(path: string, limitBytes: number): Promise<string> {
  const bytes = await readLimitedBytes(path, limitBytes);
  if (bytes !== null) return bytes.toString('utf8');
  throw new AtlasError('FILE_TOO_LARGE', `has more than ${limitBytes} bytes`, {
    where: sourceOf(path),
    remedy: 'check that it is the file you meant',
  });
}

/**
 * What a file, or stdin for `-`, holds; null: more than `limitBytes`.
 * @throws FILE_UNREADABLE
 */
export async function readLimitedBytes(path: string, limitBytes: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    // Not `readFile`: /dev/zero and friends have no end.
    for await (const chunk of path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1 << 18 })) {
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      sizeBytes += bytes.length;
      if (sizeBytes > limitBytes) return null;
    }
  } catch (cause) {
    throw unreadable(sourceOf(path), cause);
  }
  return Buffer.concat(chunks);
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
