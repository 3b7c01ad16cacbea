import { resolve, type KernelIrqchip, type ResolveContext, type SmpTopology } from '@cpu-atlas/core';
import { cpuWarnings, differingLists, differingProperties, differingWords, keyWords } from './compare.ts';
import { readOracle } from './oracle-files.ts';

type Row = number | null;
type RecordedCell = readonly [words: Row, filtered: Row, ident: Row, unavailable: Row, stderr: Row, status: number];

interface SweepFile {
  readonly wordKeys: readonly string[];
  readonly identKeys: readonly string[];
  readonly words: readonly (readonly (number | null)[])[];
  readonly ident: readonly (readonly unknown[])[];
  readonly unavail: readonly (readonly string[])[];
  readonly stderr: readonly string[];
  readonly cells: Readonly<Record<string, Readonly<Record<string, RecordedCell>>>>;
}

interface VariantRow {
  readonly label: string;
  readonly machine: string;
  readonly cpu: string;
  readonly args: readonly string[];
  readonly rc: number;
  readonly stderr: number;
  readonly words: Row;
  readonly filtered: Row;
  readonly ident: readonly unknown[] | null;
  readonly unavail: readonly string[] | null;
}

interface VariantFile extends Omit<SweepFile, 'cells' | 'ident' | 'unavail'> {
  readonly rows: readonly VariantRow[];
}

/** One recorded launch, in one shape for sweeps and variants. */
export interface RecordedLaunch {
  readonly label: string;
  readonly machine: string;
  readonly cpu: string;
  readonly kernelIrqchip?: KernelIrqchip;
  readonly smp?: SmpTopology;
  readonly status: number;
  readonly stderr: string;
  /** null: QEMU ended before it could be asked. */
  readonly answer: {
    readonly words: Readonly<Record<string, number>>;
    readonly filtered: Readonly<Record<string, number>>;
    readonly identity: Readonly<Record<string, unknown>>;
    readonly unavailable: readonly string[];
  } | null;
}

function wordsOf(file: Pick<SweepFile, 'wordKeys' | 'words'>, row: number): Record<string, number> {
  const keyed: Record<string, number> = {};
  file.wordKeys.forEach((key, i) => {
    const value = file.words[row][i];
    if (value) keyed[key] = value;
  });
  return keyed;
}

const named = (keys: readonly string[], values: readonly unknown[]): Record<string, unknown> =>
  Object.fromEntries(keys.map((key, i) => [key, values[i]]));

/** Every launch of a sweep; `suffix` is what was appended to the model in `sweep-noarchcap`. */
export function readSweep(folder: string, file: string, suffix = ''): RecordedLaunch[] {
  const sweep = readOracle<SweepFile>('qemu', folder, file);
  return Object.entries(sweep.cells).flatMap(([machine, cells]) =>
    Object.entries(cells).map(([model, [words, filtered, ident, unavail, stderr, status]]): RecordedLaunch => ({
      label: `${machine} ${model}${suffix}`,
      machine,
      cpu: `${model}${suffix}`,
      status,
      stderr: stderr === null ? '' : sweep.stderr[stderr],
      answer:
        words === null || filtered === null || ident === null || unavail === null
          ? null
          : {
              words: wordsOf(sweep, words),
              filtered: wordsOf(sweep, filtered),
              identity: named(sweep.identKeys, sweep.ident[ident]),
              unavailable: sweep.unavail[unavail],
            },
    })),
  );
}

function parseSmp(text: string): SmpTopology {
  const parts = text.split(',').map((part) => (part.includes('=') ? part.split('=') : ['cpus', part]));
  return Object.fromEntries(parts.map(([key, value]) => [key, Number(value)])) as SmpTopology;
}

/** What of a recorded command line Atlas has inputs for; null for the others (`-global`, `-overcommit`, memory). */
export function requestOf(row: VariantRow): Pick<RecordedLaunch, 'machine' | 'kernelIrqchip' | 'smp'> | null {
  const [machine, ...options] = row.machine.split(',');
  let kernelIrqchip: KernelIrqchip | undefined;
  let smp: SmpTopology | undefined;
  for (const option of options) {
    const irqchip = /^kernel-irqchip=(on|off|split)$/.exec(option);
    if (irqchip) kernelIrqchip = irqchip[1] as KernelIrqchip;
    else if (!/^(smm|vmport)=/.test(option)) return null;
  }
  for (let i = 0; i < row.args.length; i += 2) {
    if (row.args[i] === '-smp') smp = parseSmp(row.args[i + 1]);
    else if (row.args[i] === '-accel' && /^kvm,kernel-irqchip=/.test(row.args[i + 1]))
      kernelIrqchip = row.args[i + 1].split('=')[1] as KernelIrqchip;
    else return null;
  }
  return { machine, ...(kernelIrqchip ? { kernelIrqchip } : {}), ...(smp ? { smp } : {}) };
}

export function readVariants(folder: string): { launches: RecordedLaunch[]; withoutInput: string[] } {
  const file = readOracle<VariantFile>('qemu', folder, 'variants.json.gz');
  const launches: RecordedLaunch[] = [];
  const withoutInput: string[] = [];
  for (const row of file.rows) {
    const request = requestOf(row);
    if (request === null) {
      withoutInput.push(row.label);
      continue;
    }
    const answer =
      row.words == null || row.filtered == null || row.ident == null || row.unavail == null
        ? null
        : {
            words: wordsOf(file, row.words),
            filtered: wordsOf(file, row.filtered),
            identity: named(file.identKeys, row.ident),
            unavailable: row.unavail,
          };
    launches.push({
      label: row.label,
      ...request,
      cpu: row.cpu,
      status: row.rc,
      stderr: file.stderr[row.stderr],
      answer,
    });
  }
  return { launches, withoutInput };
}

/** How Atlas differs from one recorded launch; empty when it does not. */
export function differencesOf(context: ResolveContext, accel: 'kvm' | 'tcg', launch: RecordedLaunch): string[] {
  const { machine, cpu, kernelIrqchip, smp } = launch;
  let resolution;
  try {
    resolution = resolve(context, { accel, machine, cpu, kernelIrqchip, smp });
  } catch (error) {
    return launch.status === 1 ? [] : [`Atlas: ${String(error)}`];
  }
  const warnings = differingLists('warnings', resolution.warnings, [...new Set(cpuWarnings(launch.stderr))]);
  if (launch.answer === null) {
    const by = resolution.refusal?.by;
    const agrees = launch.status === -6 ? by === 'abort' : by !== undefined && by !== 'abort';
    return agrees
      ? warnings
      : [
          `QEMU ended with ${launch.status} (${launch.stderr.trim().split('\n').at(-1)}), Atlas: ${resolution.status} ${by ?? ''}`,
        ];
  }
  return [
    ...(resolution.refusal ? [`Atlas: refused (${resolution.refusal.message}), QEMU started`] : []),
    ...differingWords('word', keyWords(resolution.featureWords), launch.answer.words),
    ...differingWords('filtered', keyWords(resolution.filteredFeatures), launch.answer.filtered),
    ...differingProperties(resolution, launch.answer.identity),
    ...differingLists('unavailable', resolution.unavailableFeatures, launch.answer.unavailable),
    ...warnings,
  ];
}
