import {
  abiReach,
  AtlasError,
  listAbiLevels,
  listSecurityFlags,
  optimisePools,
  rankChoices,
  whatIf,
} from '@cpu-atlas/core';
import type { FleetChange, KernelIrqchip, PlanHost, PlanRequest, VmRecord } from '@cpu-atlas/core';
import { importLimits, readVms } from '@cpu-atlas/importer';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { HostQuestion } from '../options/host-question.ts';
import { reportPools, reportRanking, reportWhatIf } from '../output/plan-reports.ts';
import { formatChoices, formatPools, formatWhatIf } from '../output/plan-table.ts';
import { writeAnswered, writeJson, type AnsweredAs, type ToldAnswer } from '../output/write-answer.ts';
import { readLimitedFile } from '../sources/limited-file.ts';
import { machineOf, readHosts } from './baseline-hosts.ts';

/** Which hosts a plan is about, and how it is told. */
export interface PlanSource extends HostQuestion {
  readonly format: AnsweredAs;
}

export interface PlanField {
  readonly hosts: readonly PlanHost[];
  readonly request: PlanRequest;
}

export async function readField(source: PlanSource): Promise<PlanField> {
  const hosts = await readHosts(source.answerer, source.snapshots, source.catalog);
  const { accel, kernelIrqchip } = source;
  return { hosts, request: { accel, machine: machineOf(hosts, source.machine), kernelIrqchip } };
}

/** Writes an answer; hosts stand in it by id and name. */
export async function writeAnswer(
  { terminal, format }: PlanSource,
  answer: object,
  told: Omit<ToldAnswer, 'json'>,
): Promise<void> {
  const json = (): string => writeJson(answer, terminal, withoutContexts);
  await writeAnswered(terminal, { ...told, json }, format);
}

function withoutContexts(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('fingerprint' in value) || !('context' in value)) return value;
  const { id, name } = value as PlanHost;
  return { id, name };
}

const abiLevelOf = (features: ReadonlySet<string>): number => abiReach((name) => features.has(name)).level;

/** Ranks CPU models. Yes: the best line is proven on every host. */
export async function planChoices(
  source: PlanSource,
  { models, limit }: { readonly models: readonly string[] | undefined; readonly limit: number },
): Promise<ExitCode> {
  const { hosts, request } = await readField(source);
  const wished = listSecurityFlags().flatMap(({ flag, advice }) => (advice === 'optional' ? [] : [flag]));
  const ranked = rankChoices(hosts, { ...request, models, wished, abiLevelOf });
  const choices = ranked.slice(0, limit);
  const answer = { machine: request.machine, total: ranked.length, choices };
  await writeAnswer(source, answer, {
    table: () => formatChoices(answer, source.terminal.paint),
    report: () => reportRanking(answer),
  });
  const best = choices[0]?.proof.answer ?? 'no';
  return best === 'yes' ? exitCodes.yes : best === 'no' ? exitCodes.no : exitCodes.unknown;
}

export interface PoolsGiven {
  readonly together?: readonly (readonly string[])[];
  readonly apart?: readonly (readonly string[])[];
  readonly minHosts: number;
  readonly require?: readonly string[];
  readonly abiLevel?: number;
  readonly maxPools: number;
  readonly load: number;
}

/** Splits hosts into pools. Yes: there is a choice with all of them. */
export async function planPools(source: PlanSource, given: PoolsGiven): Promise<ExitCode> {
  const { hosts, request } = await readField(source);
  const ids = (lists: PoolsGiven['together'] = []): string[][] =>
    lists.map((list) => list.map((one) => idOf(hosts, one)));
  const ofLevel = listAbiLevels().flatMap(({ level, adds }) => (level <= (given.abiLevel ?? 0) ? adds : []));
  const plan = optimisePools(hosts, {
    ...request,
    constraints: {
      together: ids(given.together),
      apart: ids(given.apart),
      minHosts: given.minHosts,
      required: [...(given.require ?? []), ...ofLevel],
    },
    maxPools: given.maxPools,
    load: given.load,
  });
  const answer = { machine: request.machine, ...plan };
  await writeAnswer(source, answer, {
    table: () => formatPools(answer, abiLevelOf, source.terminal.paint),
    report: () => reportPools(answer),
  });
  if (plan.choices.length === 0 || plan.unfit.length > 0) return exitCodes.no;
  return plan.unknown.length > 0 ? exitCodes.unknown : exitCodes.yes;
}

/** The id of a host by its id, or by a name that only it has. @throws HOST_NOT_FOUND */
function idOf(hosts: readonly PlanHost[], reference: string): string {
  const named = hosts.filter(({ id, name }) => id === reference || name === reference);
  const found = named.find(({ id }) => id === reference) ?? (named.length === 1 ? named[0] : undefined);
  if (found !== undefined) return found.id;
  const names = hosts.map(({ name }) => name);
  throw new AtlasError('HOST_NOT_FOUND', 'none of the snapshots is of that host', {
    where: reference,
    remedy: `the hosts are ${names.slice(0, 10).join(', ')}`,
  });
}

export interface WhatIfGiven {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly replace?: readonly string[];
  readonly qemu?: string;
  readonly toMachine?: string;
  readonly toIrqchip?: KernelIrqchip;
  readonly vms?: string;
}

/** Tells what changes would do. Yes: nothing is lost. */
export async function planWhatIf(source: PlanSource, given: WhatIfGiven): Promise<ExitCode> {
  const { hosts, request } = await readField(source);
  const changes = await readChanges(source, hosts, given);
  if (changes.length === 0)
    throw new AtlasError('USAGE_INVALID', 'no change is given', {
      where: 'cpu-atlas plan what-if',
      remedy: 'add --add, --remove, --replace, --qemu, --to-machine or --to-irqchip',
    });
  const vms = given.vms === undefined ? [] : (await readVmFile(given.vms, undefined)).vms;
  const answer = { machine: request.machine, ...whatIf({ hosts, request }, changes, vms) };
  await writeAnswer(source, answer, {
    table: () => formatWhatIf(answer, source.terminal.paint),
    report: () => reportWhatIf(answer),
  });
  const isLost = answer.lost.length > 0 || answer.models.some(({ effect }) => effect === 'lost');
  if (isLost || answer.vms.some(({ effect }) => effect === 'stuck' || effect === 'homeless')) return exitCodes.no;
  return answer.models.some(({ effect }) => effect === 'undecided') ? exitCodes.unknown : exitCodes.yes;
}

async function readChanges(
  { answerer, snapshots, catalog }: PlanSource,
  hosts: readonly PlanHost[],
  given: WhatIfGiven,
): Promise<FleetChange[]> {
  const [added, replaced] = [
    await readHosts(answerer, given.add ?? [], given.qemu ?? catalog),
    await readHosts(answerer, given.replace ?? [], given.qemu ?? catalog),
  ];
  for (const { id } of replaced) idOf(hosts, id);
  const upgraded = given.qemu === undefined ? [] : await readHosts(answerer, snapshots, given.qemu);
  const { toMachine, toIrqchip } = given;
  const request = {
    ...(toMachine === undefined ? {} : { machine: toMachine }),
    ...(toIrqchip === undefined ? {} : { kernelIrqchip: toIrqchip }),
  };
  return [
    ...upgraded.map((host) => ({
      kind: 'replace' as const,
      host: { ...host, fingerprint: `${host.fingerprint} upgraded` },
    })),
    ...replaced.map((host) => ({ kind: 'replace' as const, host })),
    ...added.map((host) => ({ kind: 'add' as const, host })),
    ...(given.remove ?? []).map((one) => ({ kind: 'remove' as const, hostId: idOf(hosts, one) })),
    ...(Object.keys(request).length === 0 ? [] : [{ kind: 'configure' as const, request }]),
  ];
}

/** A list of VMs from a file. */
export async function readVmFile(
  path: string,
  host: string | undefined,
): Promise<{ readonly vms: readonly VmRecord[]; readonly notes: readonly string[] }> {
  return readVms(await readLimitedFile(path, importLimits.textBytes), { source: path, host });
}
