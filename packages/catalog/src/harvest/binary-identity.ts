import { realpath, stat } from 'node:fs/promises';
import { findQemuBinary } from '../qmp/index.ts';

/** What tells one file from its successor: real path, size in bytes, time of change. */
export interface BinaryIdentity {
  readonly path: string;
  readonly sizeBytes: number;
  /** RFC 3339. */
  readonly mtime: string;
}

/** @throws QEMU_NOT_FOUND */
export async function identifyBinary(binary: string): Promise<BinaryIdentity> {
  const path = await realpath(await findQemuBinary(binary));
  const { size, mtime } = await stat(path);
  return { path, sizeBytes: size, mtime: mtime.toISOString() };
}
