import { isUnknown } from '@cpu-atlas/core';
import type { HostSnapshot } from '@cpu-atlas/core';
import { collectSnapshot } from '@cpu-atlas/prober';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { formatSnapshot } from '../output/snapshot-table.ts';
import { write, type Terminal } from '../output/terminal.ts';
import { writeWholeFile } from '../sources/write-file.ts';

export interface ProbeOptions {
  readonly terminal: Terminal;
  /** Where the snapshot goes; undefined: to stdout. */
  readonly out: string | undefined;
  readonly looksForQemu: boolean;
  readonly format: 'table' | 'json';
}

/** Probes this host and writes its snapshot. */
export async function probe({ terminal, out, looksForQemu, format }: ProbeOptions): Promise<ExitCode> {
  const snapshot = await collectSnapshot(looksForQemu ? {} : { qemu: false });
  const json = `${JSON.stringify(snapshot, null, 1)}\n`;
  if (out !== undefined) await writeWholeFile(out, json);
  if (format === 'table') await write(terminal.out, formatSnapshot(snapshot, terminal.paint));
  else if (out === undefined) await write(terminal.out, json);
  return knowsAnything(snapshot) ? exitCodes.yes : exitCodes.unknown;
}

function knowsAnything({ hardware, kernel, qemu = [] }: HostSnapshot): boolean {
  const hasHardware = hardware !== undefined && !isUnknown(hardware);
  return hasHardware || (kernel !== undefined && !isUnknown(kernel)) || qemu.length > 0;
}
