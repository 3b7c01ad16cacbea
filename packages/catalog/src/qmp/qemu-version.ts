import { AtlasError } from '@cpu-atlas/core';
import { BoundedText } from './bounded-text.ts';
import { findQemuBinary } from './qemu-binary.ts';
import { signalGroup, spawnGuarded, type GuardedChild } from './spawn-guarded.ts';
import { within } from './within.ts';

/** What a QEMU binary says of itself. */
export interface QemuVersion {
  /** `10.0.13`. */
  readonly version: string;
  /** What the distributor calls it, `Debian 1:10.0.13+ds-0+deb13u1`; empty when it says nothing. */
  readonly package: string;
}

const outputLimitBytes = 8 * 1024;
const defaultTimeoutMs = 10_000;

/**
 * Runs `binary --version`.
 * @throws QEMU_NOT_FOUND when there is no such file, or it is no system emulator; QEMU_LAUNCH_FAILED, QEMU_TIMEOUT
 */
export async function readQemuVersion(
  binary: string,
  options: { readonly timeoutMs?: number } = {},
): Promise<QemuVersion> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const { pid, stdout, stderr, child } = await spawnGuarded([await findQemuBinary(binary), '--version']);
  const output = collect({ stdout, stderr });
  const closed = new Promise<boolean>((resolve) => child.once('close', () => resolve(true)));
  if ((await within(closed, timeoutMs)) === null) {
    if (child.exitCode === null && child.signalCode === null) signalGroup(pid, 'SIGKILL');
    for (const stream of [stdout, stderr]) stream.destroy();
    await within(closed, timeoutMs);
    throw new AtlasError('QEMU_TIMEOUT', `--version did not end within ${timeoutMs} ms`, { where: binary });
  }
  const version = parseQemuVersion(output.toString());
  if (version !== null) return version;
  throw new AtlasError('QEMU_NOT_FOUND', `--version does not answer like QEMU: ${shorten(output.toString())}`, {
    where: binary,
    remedy: 'name the path of a QEMU system emulator, such as qemu-system-x86_64',
  });
}

/**
 * Reads `QEMU emulator version 10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)`; null for anything else.
 * Source: `--version` of QEMU 7.2, 10.0 and 11.1
 */
export function parseQemuVersion(text: string): QemuVersion | null {
  const found = /^QEMU emulator version (\d+\.\d+[^\s(),]*)(?:[ ,]*\(([^)]*)\))?/m.exec(text);
  const version = found?.[1];
  return version === undefined ? null : { version, package: found?.[2] ?? '' };
}

function collect({ stdout, stderr }: Pick<GuardedChild, 'stdout' | 'stderr'>): BoundedText {
  const output = new BoundedText(outputLimitBytes);
  stdout.on('data', (chunk: Buffer) => output.append(chunk));
  stderr.on('data', (chunk: Buffer) => output.append(chunk));
  return output;
}

function shorten(text: string): string {
  return JSON.stringify(text.trim().slice(0, 200));
}
