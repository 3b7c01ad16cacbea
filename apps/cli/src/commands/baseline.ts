import { abiReach, assertNever, baselineCpus, describeHost, findBaseline } from '@cpu-atlas/core';
import type { Baseline, BaselineMode, LibvirtCpu, LibvirtMapIndex } from '@cpu-atlas/core';
import { openLibvirtMaps } from '@cpu-atlas/server/library';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { HostQuestion } from '../options/host-question.ts';
import { formatBaseline, reportVendors, type LibvirtAnswer } from '../output/baseline-table.ts';
import { writeAnswered, writeJson, type AnsweredAs } from '../output/write-answer.ts';
import { machineOf, readHosts, type FileHost } from './baseline-hosts.ts';

export interface BaselineOptions extends HostQuestion {
  readonly mode: BaselineMode;
  readonly migratable: boolean;
  /** Release whose own answer is told, too. */
  readonly libvirt: string | undefined;
  readonly format: AnsweredAs;
}

/** Tells the best CPU that runs on all of some hosts. */
export async function findHostBaseline(options: BaselineOptions): Promise<ExitCode> {
  const { terminal, answerer, snapshots, catalog, accel, kernelIrqchip, mode, migratable, format } = options;
  const hosts = await readHosts(answerer, snapshots, catalog);
  const machine = machineOf(hosts, options.machine);
  const baseline = findBaseline(hosts, { accel, machine, kernelIrqchip, mode, migratable });
  const libvirt =
    options.libvirt === undefined ? null : askLibvirt(await openLibvirtMaps().of(options.libvirt), hosts, baseline);
  const assumptions = [...new Set(hosts.flatMap(({ assumption }) => assumption ?? []))];
  const vendors = baseline.vendors.map((vendor) => ({
    ...vendor,
    abi: abiReach((feature) => vendor.features.includes(feature)),
  }));
  const answer = {
    table: () => formatBaseline({ baseline, assumptions, libvirt }, terminal.paint),
    json: () => writeJson({ ...baseline, vendors, assumptions, libvirt }, terminal),
    report: () => reportVendors({ baseline, assumptions, libvirt }),
  };
  await writeAnswered(terminal, answer, format);
  return exitOf(baseline.outcome);
}

function askLibvirt(
  index: LibvirtMapIndex,
  hosts: readonly FileHost[],
  { accel, machine, kernelIrqchip, migratable }: Baseline,
): LibvirtAnswer {
  const told = { release: index.map.release };
  const cpus: LibvirtCpu[] = [];
  for (const { name, context } of hosts) {
    const described = describeHost(index, context, { accel, machine, kernelIrqchip });
    if (described.outcome !== 'ok')
      return { ...told, outcome: described.outcome, reason: `${name}: ${described.reason}` };
    cpus.push(described.cpu);
  }
  const answer = baselineCpus(index, cpus, { migratable });
  return answer.outcome === 'ok'
    ? { ...told, outcome: 'ok', cpu: answer.cpu }
    : { ...told, outcome: 'error', reason: answer.reason };
}

function exitOf(outcome: Baseline['outcome']): ExitCode {
  switch (outcome) {
    case 'found':
      return exitCodes.yes;
    case 'none':
      return exitCodes.no;
    case 'unknown':
      return exitCodes.unknown;
    default:
      return assertNever(outcome);
  }
}
