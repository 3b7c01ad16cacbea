import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One step of what the fake QEMU does; it ends after the last, unless that is `stay`. */
export type FakeQemuStep =
  | readonly ['greet']
  /** Waits for a command. */
  | readonly ['hear']
  /** Answers the command heard as number `index`, counted from 0. */
  | readonly ['answer', index: number, value: unknown]
  /** Answers with the priority, folder, environment and limits that it finds itself in. */
  | readonly ['report', index: number]
  /** Writes to standard output, as it is. */
  | readonly ['say', text: string]
  /** Writes many bytes without a newline. */
  | readonly ['flood', sizeBytes: number]
  /** Writes to standard error. */
  | readonly ['complain', text: string]
  | readonly ['exit', status: number]
  | readonly ['kill', signal: NodeJS.Signals]
  | readonly ['close-stdout']
  | readonly ['ignore-sigterm']
  | readonly ['stay'];

/** The steps with which every session begins: the greeting and `qmp_capabilities`. */
export const negotiation: readonly FakeQemuStep[] = [['greet'], ['hear'], ['answer', 0, {}]];

export interface FakeQemu {
  /** An executable that runs the steps that are its last argument. */
  readonly binary: string;
  remove(): void;
}

/** Makes an executable of the script beside this file, in a folder of its own. */
export function installFakeQemu(): FakeQemu {
  const folder = mkdtempSync(join(tmpdir(), 'cpu-atlas-fake-qemu-'));
  const binary = join(folder, 'fake-qemu');
  const program = fileURLToPath(new URL('./fake-qemu.mjs', import.meta.url));
  writeFileSync(binary, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
  chmodSync(binary, 0o755);
  return { binary, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
