import { analyseVms, AtlasError, planDrain, planRollingUpgrade } from '@cpu-atlas/core';
import type { DrainPlan, RollingUpgrade, VmAnalysis, VmGroup } from '@cpu-atlas/core';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { reportVms } from '../output/plan-reports.ts';
import { formatVms } from '../output/plan-vms-table.ts';
import { readHosts } from './baseline-hosts.ts';
import { readField, readVmFile, writeAnswer, type PlanSource } from './plan.ts';

export interface VmsGiven {
  readonly list: string;
  readonly host?: string;
  readonly drain?: string;
  readonly upgrade?: string;
}

/** A group of VMs as it is told: what its VMs are, and where they can go. */
export interface ToldGroup extends Pick<VmGroup, 'vms' | 'targets' | 'openTargets' | 'canLeave'> {
  readonly reach: readonly {
    readonly hosts: VmGroup['home']['hosts'];
    readonly answer: 'yes' | 'no' | 'unknown';
    readonly trap: 'yes' | 'no' | 'unknown';
    readonly line: string | null;
    readonly obstacles: VmGroup['reach'][number]['move']['obstacles'];
  }[];
}

/** Tells where VMs can go. Yes: each can leave its host, and what was asked for can be done. */
export async function planVms(source: PlanSource, given: VmsGiven): Promise<ExitCode> {
  const { hosts } = await readField(source);
  const { vms, notes } = await readVmFile(given.list, given.host);
  const analysis = analyseVms(hosts, vms);
  const drain = given.drain === undefined ? null : drainOf(analysis, given.drain);
  const upgrade = given.upgrade === undefined ? null : await upgradeTo(source, given.upgrade, vms, hosts);
  const answer = { groups: analysis.groups.map(tell), unread: analysis.unread, notes, drain, upgrade };
  await writeAnswer(source, answer, {
    table: () => formatVms(answer, source.terminal.paint),
    report: () => reportVms(answer),
  });
  return exitOf(answer.groups, analysis.unread.length, drain, upgrade);
}

function tell({ vms, targets, openTargets, canLeave, reach }: VmGroup): ToldGroup {
  return {
    ...{ vms, targets, openTargets, canLeave },
    reach: reach.map(({ members, move, trap }) => ({
      hosts: members.hosts,
      answer: move.answer,
      trap: trap.answer,
      line: move.line,
      obstacles: move.answer === 'yes' ? trap.obstacles : move.obstacles,
    })),
  };
}

function drainOf(analysis: VmAnalysis, reference: string): DrainPlan {
  const plan = planDrain(analysis, reference);
  if (plan !== null) return plan;
  throw new AtlasError('HOST_NOT_FOUND', 'none of the snapshots is of that host', {
    where: '--drain',
    remedy: 'give the id of a host',
  });
}

async function upgradeTo(
  { answerer, snapshots }: PlanSource,
  catalog: string,
  vms: Parameters<typeof planRollingUpgrade>[1],
  hosts: Parameters<typeof planRollingUpgrade>[0],
): Promise<RollingUpgrade> {
  const upgraded = await readHosts(answerer, snapshots, catalog);
  const upgrades = new Map(upgraded.map((host) => [host.id, { ...host, fingerprint: `${host.fingerprint} upgraded` }]));
  return planRollingUpgrade(hosts, vms, upgrades);
}

function exitOf(
  groups: readonly ToldGroup[],
  unread: number,
  drain: DrainPlan | null,
  upgrade: RollingUpgrade | null,
): ExitCode {
  const answers = [
    ...(drain === null ? groups.map(({ canLeave }) => canLeave) : drain.stuck.map(({ answer }) => answer)),
    ...(upgrade === null ? [] : [upgrade.kind === 'order' ? 'yes' : upgrade.kind === 'none' ? 'no' : 'unknown']),
  ];
  if (answers.includes('no')) return exitCodes.no;
  return answers.includes('unknown') || unread > 0 ? exitCodes.unknown : exitCodes.yes;
}
