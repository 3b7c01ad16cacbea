import type { Accelerator, Resolution } from '@cpu-atlas/core';
import type { Verification } from '@cpu-atlas/catalog';
import { formatTable, printable } from './table.ts';
import type { Paint } from './terminal.ts';

/** What running QEMU for one cell gave. */
export interface CellResult extends Pick<
  Verification,
  'outcome' | 'differences' | 'notCompared' | 'command' | 'durationMs'
> {
  readonly accel: Accelerator;
  readonly machine: string;
  readonly cpu: string;
  /** What Atlas says of it. */
  readonly status: Resolution['status'];
  readonly reason: string | null;
}

export interface Totals {
  /** Cells that were launched. */
  readonly cells: number;
  /** Cells that there are. */
  readonly of: number;
  equal: number;
  different: number;
  couldNotTell: number;
}

/** A cell that is not equal: what differs, and the command to see it oneself. */
export function formatCellResult(
  { accel, machine, cpu, outcome, differences, reason, command }: CellResult,
  paint: Paint,
): string {
  const name = `${accel} ${machine} ${cpu}`;
  if (outcome === 'could-not-tell') return `${paint.warn('?')} ${name}: ${printable(reason ?? '')}\n`;
  const rows = differences.map(({ what, atlas, qemu }) => [
    `  ${what}`,
    `Atlas ${shown(atlas)}`,
    `QEMU ${shown(qemu)}`,
  ]);
  return `${paint.bad('✕')} ${name}\n${formatTable(rows)}  ${paint.dim(command.map(quoted).join(' '))}\n`;
}

export function formatTotals({ cells, of, equal, different, couldNotTell }: Totals, paint: Paint): string {
  const parts = [`${equal} equal`, `${different} different`, `${couldNotTell} could not be told`];
  const text = `${cells}${of > cells ? ` of ${of}` : ''} cells: ${parts.join(', ')}\n`;
  return different > 0 ? paint.bad(text) : couldNotTell > 0 ? paint.warn(text) : paint.good(text);
}

function shown(value: CellResult['differences'][number]['atlas']): string {
  if (value === null) return 'has none';
  return typeof value === 'object' ? `[${value.join(', ')}]` : String(value);
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
