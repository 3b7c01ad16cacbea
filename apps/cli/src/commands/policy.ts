import { assertNever } from '@cpu-atlas/core';
import type { FleetVerdict, PolicyTargetName } from '@cpu-atlas/core';
import { compilePolicies, openLibvirtMaps, type CompiledPolicies } from '@cpu-atlas/server/library';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { HostQuestion } from '../options/host-question.ts';
import { printable } from '../output/table.ts';
import { write } from '../output/terminal.ts';
import { readReportedHosts } from '../sources/reported-hosts.ts';
import { machineOf, readHosts } from './baseline-hosts.ts';

export interface PolicyOptions extends HostQuestion {
  readonly name: string;
  readonly cpu: string;
  readonly targets: readonly PolicyTargetName[];
  readonly libvirt: string | undefined;
  readonly format: 'text' | 'json';
}

/** Writes one CPU for some hosts as the configuration of what starts the guests. */
export async function writePolicies(options: PolicyOptions): Promise<ExitCode> {
  const { terminal, answerer, snapshots, catalog, name, cpu, accel, kernelIrqchip, targets, format } = options;
  const machine = machineOf(await readHosts(answerer, snapshots, catalog), options.machine);
  const compiled = compilePolicies(await readReportedHosts(answerer, snapshots, catalog), {
    ...{ name, cpu, targets, launch: { accel, machine, kernelIrqchip } },
    libvirt: options.libvirt === undefined ? null : await openLibvirtMaps().of(options.libvirt),
  });
  if (format === 'json')
    await write(terminal.out, `${JSON.stringify({ machine, ...documentOf(compiled) }, null, 2)}\n`);
  else {
    await write(terminal.err, describeLint(compiled));
    await write(terminal.out, joinTexts(compiled));
  }
  return exitOf(compiled);
}

function documentOf({ proof, policies }: CompiledPolicies) {
  const { answer, yes, no, unknown, total, deciding } = proof;
  return {
    proof: {
      ...{ answer, yes, no, unknown, total },
      deciding: deciding === null ? null : { host: deciding.host.name, reason: deciding.obstacle.reason },
    },
    policies,
  };
}

/** One text is written as it is, so that it can go straight into a file; several come with their file names. */
function joinTexts({ policies }: CompiledPolicies): string {
  if (policies.length === 1) return policies[0].text;
  return policies.map(({ fileName, text }) => `==> ${fileName} <==\n${text}`).join('\n');
}

function describeLint({ proof, policies }: CompiledPolicies): string {
  const lines = [describeProof(proof)];
  for (const { target, targetVersion, verdict, lint } of policies) {
    lines.push(`${target} (${targetVersion}): ${verdict}`);
    for (const { severity, message } of lint) lines.push(`  ${severity}: ${printable(message)}`);
  }
  return `${lines.join('\n')}\n`;
}

function describeProof({ answer, yes, total, deciding }: FleetVerdict): string {
  const starts = `starts under enforce on ${yes} of ${total} hosts: ${answer}`;
  if (deciding === null) return starts;
  return printable(`${starts}; ${deciding.host.name}: ${deciding.obstacle.reason}`);
}

/** What a target refuses is no, whatever the hosts say; a line that cannot be proven is unknown. */
function exitOf({ proof, policies }: CompiledPolicies): ExitCode {
  if (policies.some(({ verdict }) => verdict === 'refused')) return exitCodes.no;
  switch (proof.answer) {
    case 'yes':
      return exitCodes.yes;
    case 'no':
      return exitCodes.no;
    case 'unknown':
      return exitCodes.unknown;
    default:
      return assertNever(proof.answer);
  }
}
