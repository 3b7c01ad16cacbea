import { compareCpus, compareStart, describeHost } from '@cpu-atlas/core';
import type {
  LibvirtComparison,
  LibvirtCpu,
  LibvirtMapIndex,
  PlanRequest,
  Report,
  ReportFact,
  StartComparison,
} from '@cpu-atlas/core';
import { libvirtCpuSchema, parseJsonText, parseWith } from '@cpu-atlas/contract';
import { openLibvirtMaps } from '@cpu-atlas/server/library';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { HostQuestion } from '../options/host-question.ts';
import { guestFacts, textColumns } from '../output/report-parts.ts';
import { formatTable, printable } from '../output/table.ts';
import { writeAnswered, writeJson, type AnsweredAs } from '../output/write-answer.ts';
import { readLimitedFile } from '../sources/limited-file.ts';
import { machineOf, readHosts, type FileHost } from './baseline-hosts.ts';

/** A CPU as libvirt would be asked about it: a model, or a definition in a file. */
export type AskedCpu =
  { readonly kind: 'model'; readonly model: string } | { readonly kind: 'file'; readonly path: string };

export interface CompareOptions extends HostQuestion {
  readonly cpu: AskedCpu;
  readonly libvirt: string;
  readonly format: AnsweredAs;
}

/** One host's answer. */
interface ComparedHost {
  readonly host: string;
  readonly hostModel: string | null;
  readonly comparison: Omit<LibvirtComparison, 'outcome'> & {
    readonly outcome: LibvirtComparison['outcome'] | 'unknown';
  };
  /** QEMU beside libvirt; null where a definition was compared, or QEMU has no such model. */
  readonly start: StartComparison | null;
}

const definitionBytes = 1024 * 1024;

/** Compares a CPU with hosts as libvirt does, and tells where QEMU sees it another way. */
export async function compareWithHosts(options: CompareOptions): Promise<ExitCode> {
  const { terminal, answerer, snapshots, catalog, accel, kernelIrqchip, cpu, format } = options;
  const index = await openLibvirtMaps().of(options.libvirt);
  const asked = await readCpu(cpu);
  const hosts = await readHosts(answerer, snapshots, catalog);
  const request = { accel, machine: machineOf(hosts, options.machine), kernelIrqchip };
  const compared = hosts.map((host) => compareHost(index, host, request, asked, cpu.kind === 'model'));
  const told = { libvirt: index.map.release, ...request, hosts: compared };
  const answer = {
    table: () => formatCompared(compared),
    json: () => writeJson(told, terminal),
    report: () =>
      reportCompared(compared, [
        { name: 'CPU', value: cpu.kind === 'model' ? cpu.model : cpu.path },
        { name: 'libvirt', value: told.libvirt },
        ...guestFacts(told),
      ]),
  };
  await writeAnswered(terminal, answer, format);
  return exitOf(compared);
}

async function readCpu(cpu: AskedCpu): Promise<LibvirtCpu> {
  if (cpu.kind === 'model') return { kind: 'guest', match: 'exact', model: cpu.model, features: [] };
  const fault = { code: 'REQUEST_INVALID', source: cpu.path } as const;
  const value = parseJsonText(await readLimitedFile(cpu.path, definitionBytes), fault);
  return parseWith(libvirtCpuSchema, value, {
    ...fault,
    remedy: 'write a CPU definition as POST /api/v1/cpu-comparisons takes it',
  });
}

function compareHost(
  index: LibvirtMapIndex,
  { name, context }: FileHost,
  request: PlanRequest,
  cpu: LibvirtCpu,
  isModel: boolean,
): ComparedHost {
  const described = describeHost(index, context, request);
  const offered = isModel && cpu.model !== undefined && context.index.modelByName.has(cpu.model) ? cpu.model : null;
  const start = offered === null ? null : compareStart(index, context, { ...request, model: offered });
  if (described.outcome === 'ok')
    return { host: name, hostModel: described.cpu.model, comparison: compareCpus(index, described.cpu, cpu), start };
  const { outcome, reason } = described;
  return { host: name, hostModel: null, comparison: { outcome, reason, missing: [], forbidden: [], extra: [] }, start };
}

function formatCompared(hosts: readonly ComparedHost[]): string {
  const rows = hosts.map(({ host, hostModel, comparison: { outcome, reason, missing, forbidden }, start }) => [
    printable(host),
    outcome,
    hostModel ?? '',
    `${printable(reason)}${[...missing, ...forbidden].map((name) => ` ${name}`).join('')}`,
    start === null ? '' : `QEMU ${start.qemu}, enforce ${start.enforce}`,
  ]);
  const differences = hosts.flatMap(({ host, start }) =>
    (start?.differences ?? []).map((difference) => `  ${printable(host)}: ${printable(difference)}\n`),
  );
  return formatTable(rows) + differences.join('');
}

/** One row for each host. */
function reportCompared(hosts: readonly ComparedHost[], facts: readonly ReportFact[]): Report {
  const rows = hosts.map(({ host, hostModel, comparison: { outcome, reason, missing, forbidden, extra }, start }) => [
    ...[host, outcome, hostModel ?? 'unknown', reason, missing.join(' '), forbidden.join(' '), extra.join(' ')],
    ...[start?.qemu ?? 'not asked', start?.enforce ?? 'not asked', (start?.differences ?? []).join('; ')],
  ]);
  const columns = textColumns({
    ...{ host: 'Host', outcome: 'libvirt', hostModel: 'Host model', reason: 'Reason' },
    ...{ missing: 'Missing', forbidden: 'Forbidden', extra: 'Beyond it' },
    ...{ qemu: 'QEMU', enforce: 'QEMU with enforce', differences: 'Where the two differ' },
  });
  const remarks = ['QEMU is not asked about a definition, nor about a model that it does not have.'];
  return { title: `${hosts.length} hosts`, facts, tables: [{ name: 'Hosts', columns, rows }], remarks };
}

/** Any error is wrong input; any no is no; else anything unknown cannot be told. */
function exitOf(hosts: readonly ComparedHost[]): ExitCode {
  const outcomes = new Set(hosts.map(({ comparison }) => comparison.outcome));
  if (outcomes.has('error')) return exitCodes.input;
  if (outcomes.has('incompatible')) return exitCodes.no;
  return outcomes.has('unknown') ? exitCodes.unknown : exitCodes.yes;
}
