import {
  auditListSchema,
  comparisonSchema,
  hostListSchema,
  observationListSchema,
  type Comparison,
  type Observation,
} from '@cpu-atlas/contract';
import { AtlasError, type ReportFact } from '@cpu-atlas/core';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { reportAudit, reportFleet, reportTimeline, type ComparedObservations } from '../output/fleet-reports.ts';
import type { Terminal } from '../output/terminal.ts';
import { writeTold, type ToldAs } from '../output/write-report.ts';
import { readOwnVersion } from '../own-version.ts';
import { openHubClient, type HubAccess, type HubClient } from '../sources/hub-client.ts';

/** A question to a running server. */
export interface FleetQuestion {
  readonly terminal: Terminal;
  readonly hub: HubAccess;
  readonly signal: AbortSignal;
  readonly format: ToldAs;
}

/** As `GET /api/v1/hosts` takes it. */
export interface HostFilter {
  readonly search: string | undefined;
  readonly labels: readonly string[];
  readonly freshness: readonly string[];
  /** RFC 3339; undefined: now. */
  readonly at: string | undefined;
}

/** Most items that a page has. */
const hostsOfPage = 1_000;
const observationsOfPage = 50;

/** Lists the hosts that a filter leaves, of all pages. @throws what the server answers with, HUB_UNREACHABLE */
export async function listHosts(question: FleetQuestion, filter: HostFilter): Promise<ExitCode> {
  const { search, labels, freshness, at } = filter;
  const query = new URLSearchParams({ limit: String(hostsOfPage) });
  if (search !== undefined) query.set('q', search);
  for (const label of labels) query.append('label', label);
  for (const state of freshness) query.append('freshness', state);
  if (at !== undefined) query.set('at', at);
  const hosts = await openHubClient(question.hub, question.signal).list(hostListSchema, 'hosts', query);
  await writeTold(question.terminal, reportFleet(hosts, factsOf(question, at)), question.format);
  return exitCodes.yes;
}

/**
 * Tells a host's newest observations, and between each two of them what changed and which models came of it.
 * 3: of two observations it could not be told.
 */
export async function tellTimeline(question: FleetQuestion, host: string, last: number): Promise<ExitCode> {
  const hub = openHubClient(question.hub, question.signal);
  // One more than asked for: the oldest is compared with the one before it.
  const query = new URLSearchParams({ limit: String(Math.min(last + 1, observationsOfPage)) });
  const path = `hosts/${encodeURIComponent(host)}/observations`;
  const observations = await hub.list(observationListSchema, path, query, last + 1);
  const compared: ComparedObservations[] = [];
  for (const [at, after] of observations.slice(0, last).entries()) {
    const before = observations[at + 1];
    if (before !== undefined && before.snapshotHash !== after.snapshotHash)
      compared.push({ after, outcome: await compare(hub, before, after) });
  }
  const facts = [...factsOf(question), { name: 'Host', value: host }];
  await writeTold(question.terminal, reportTimeline(observations.slice(0, last), compared, facts), question.format);
  return compared.some(({ outcome }) => outcome instanceof AtlasError) ? exitCodes.unknown : exitCodes.yes;
}

/** One comparison that cannot be made does not keep back the others. */
async function compare(hub: HubClient, before: Observation, after: Observation): Promise<Comparison | AtlasError> {
  const sides = { a: { snapshot: before.snapshotHash }, b: { snapshot: after.snapshotHash } };
  return hub.ask(comparisonSchema, 'comparisons', sides).catch((error: unknown) => {
    if (error instanceof AtlasError && error.code !== 'HUB_UNREACHABLE') return error;
    throw error;
  });
}

/** Lists the newest changes of a server. @throws what the server answers with, HUB_UNREACHABLE */
export async function listAudit(question: FleetQuestion, last: number): Promise<ExitCode> {
  const query = new URLSearchParams({ limit: String(Math.min(last, hostsOfPage)) });
  const lines = await openHubClient(question.hub, question.signal).list(auditListSchema, 'audit', query, last);
  await writeTold(question.terminal, reportAudit(lines, factsOf(question)), question.format);
  return exitCodes.yes;
}

/** What decides an answer about a guest on each host; named as the API does. */
export interface FleetCell {
  readonly model: string;
  readonly accel: 'kvm' | 'tcg';
  readonly machine?: string;
  readonly kernelIrqchip?: string;
  readonly catalog?: string;
  /** RFC 3339; undefined: now. */
  readonly at?: string;
}

/** Those parts of it that are given. */
export function cellQuery(cell: FleetCell, keys: readonly (keyof FleetCell)[]): URLSearchParams {
  const query = new URLSearchParams();
  for (const key of keys) if (cell[key] !== undefined) query.set(key, cell[key]);
  return query;
}

/** Who answered, and as of when. */
export const factsOf = ({ hub }: FleetQuestion, at?: string): ReportFact[] => [
  { name: 'CPU Atlas', value: readOwnVersion() },
  { name: 'Server', value: hub.address.origin },
  ...(at === undefined ? [] : [{ name: 'As of', value: at }]),
];
