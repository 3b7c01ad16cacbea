import { createHash } from 'node:crypto';
import { verifyCell, type Verification } from '@cpu-atlas/catalog';
import {
  AtlasError,
  resolve,
  type Accelerator,
  type KernelIrqchip,
  type ResolveContext,
  type SmpTopology,
} from '@cpu-atlas/core';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { startProgress } from '../output/progress.ts';
import { formatCellResult, formatTotals, type CellResult, type Totals } from '../output/verification-table.ts';
import { write, type Terminal } from '../output/terminal.ts';

export interface VerifyOptions {
  readonly terminal: Terminal;
  readonly binary: string;
  readonly context: ResolveContext;
  readonly accelerators: readonly Accelerator[];
  /** All that start with each accelerator when `isAllMachines`; none named: the default one. */
  readonly machines: readonly string[];
  readonly isAllMachines: boolean;
  /** `-cpu` arguments; all models of the binary when `isAllModels`. */
  readonly cpus: readonly string[];
  readonly isAllModels: boolean;
  readonly kernelIrqchip: KernelIrqchip | undefined;
  readonly smp: SmpTopology | undefined;
  /** How many of the cells; undefined: all. */
  readonly sample: number | undefined;
  /** QEMUs at once. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly format: 'table' | 'json';
}

export interface Cell {
  readonly accel: Accelerator;
  readonly machine: string;
  readonly cpu: string;
}

const timeoutMs = 60_000;

/** Runs the real QEMU for each cell and prints what differs from what Atlas says. */
export async function verify(options: VerifyOptions): Promise<ExitCode> {
  const { terminal, format, jobs, signal } = options;
  const all = listCells(options);
  const cells = sampleCells(all, options.sample);
  const totals: Totals = { cells: cells.length, of: all.length, equal: 0, different: 0, couldNotTell: 0 };
  const progress = startProgress(terminal, Date.now);
  let done = 0;
  const work = async (cell: Cell): Promise<void> => {
    const result = await verifyOne(cell, options);
    count(totals, result);
    done += 1;
    progress.update(
      `${done}/${cells.length} cells, ${totals.different} different: ${cell.accel} ${cell.machine} ${cell.cpu}`,
    );
    if (format === 'json') await write(terminal.out, `${JSON.stringify(result)}\n`);
    else if (result.outcome !== 'equal') await write(terminal.out, formatCellResult(result, terminal.paint));
  };
  try {
    await inParallel(cells, jobs, signal, work);
  } finally {
    progress.end();
  }
  signal.throwIfAborted();
  await write(
    terminal.out,
    format === 'json' ? `${JSON.stringify({ summary: totals })}\n` : formatTotals(totals, terminal.paint),
  );
  if (totals.different > 0) return exitCodes.no;
  return totals.couldNotTell > 0 ? exitCodes.unknown : exitCodes.yes;
}

function listCells(options: VerifyOptions): readonly Cell[] {
  const { accelerators, cpus, isAllModels, context } = options;
  const wanted = isAllModels ? context.index.catalog.models.map(({ name }) => name) : cpus;
  const cells = accelerators.flatMap((accel) =>
    machinesOf(accel, options).flatMap((machine) => wanted.map((cpu): Cell => ({ accel, machine, cpu }))),
  );
  if (cells.length > 0) return cells;
  throw new AtlasError('USAGE_INVALID', 'there is nothing to verify', {
    where: 'verify',
    remedy: 'name models with --cpu X…, or all of them with --all-models',
  });
}

function machinesOf(accel: Accelerator, { machines, isAllMachines, context }: VerifyOptions): readonly string[] {
  const { catalog } = context.index;
  if (isAllMachines) {
    const groups = catalog[accel]?.machineGroups ?? [];
    return catalog.machines.filter((_, at) => (groups[at] ?? -1) >= 0).map(({ name }) => name);
  }
  return machines.length > 0 ? machines : catalog.machines.filter(({ isDefault }) => isDefault).map(({ name }) => name);
}

/** A sample that is spread over everything and the same each time: the cells whose names hash lowest. */
export function sampleCells(cells: readonly Cell[], size: number | undefined): readonly Cell[] {
  if (size === undefined || size >= cells.length) return cells;
  const hashed = cells.map((cell) => ({ cell, key: createHash('sha256').update(JSON.stringify(cell)).digest('hex') }));
  hashed.sort((a, b) => (a.key < b.key ? -1 : 1));
  return hashed.slice(0, size).map(({ cell }) => cell);
}

async function verifyOne(cell: Cell, { context, binary, kernelIrqchip, smp }: VerifyOptions): Promise<CellResult> {
  const request = { ...cell, kernelIrqchip, smp };
  const resolution = resolve(context, request);
  const { catalog } = context.index;
  const verification = await verifyCell({ ...request, binary, resolution, featureNames: catalog, timeoutMs });
  return resultOf(cell, resolution.status, verification);
}

function resultOf(
  cell: Cell,
  status: CellResult['status'],
  { outcome, differences, notCompared, reason, command, durationMs }: Verification,
): CellResult {
  return {
    ...cell,
    status,
    outcome,
    differences,
    notCompared,
    reason: reason ?? null,
    command,
    durationMs: Math.round(durationMs),
  };
}

function count(totals: Totals, { outcome }: CellResult): void {
  if (outcome === 'equal') totals.equal += 1;
  else if (outcome === 'different') totals.different += 1;
  else totals.couldNotTell += 1;
}

/** Works on `jobs` items at a time; the first fault, or the signal, ends it. */
async function inParallel<T>(
  items: readonly T[],
  jobs: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  let isFailed = false;
  const worker = async (): Promise<void> => {
    for (const item of { [Symbol.iterator]: () => rest }) {
      if (signal.aborted || isFailed) return;
      await work(item).catch((error: unknown) => {
        isFailed = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}
