import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own, of a size that can be used up. */
export interface SmallDisk {
  readonly path: string;
  /** Takes all that is left. */
  fill(): void;
  /** Gives it back. */
  relieve(): void;
  close(): void;
}

const pieceBytes = 64 * 1024;

/** Whether this process may mount, as a small disk needs. */
export function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    mountDisk(1).close();
    return true;
  } catch {
    return false;
  }
}

/** Mounts a file system in memory. Only root can. */
export function mountDisk(megabytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'cpu-atlas-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=1777`, 'tmpfs', path], { stdio: 'ignore' });
  } catch (error) {
    rmSync(path, { recursive: true });
    throw error;
  }
  const ballast = join(path, 'ballast');
  return {
    path,
    fill: () => fillFile(ballast),
    relieve: () => rmSync(ballast),
    close() {
      execFileSync('umount', ['-l', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Writes until nothing more fits: pieces first, then bytes up to the last page. */
function fillFile(path: string): void {
  const file = openSync(path, 'a');
  try {
    for (const size of [pieceBytes, 4096]) writeUntilFull(file, Buffer.alloc(size, 1));
  } finally {
    closeSync(file);
  }
}

function writeUntilFull(file: number, piece: Buffer): void {
  try {
    for (;;) writeSync(file, piece);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
