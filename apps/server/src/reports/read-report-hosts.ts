import { AtlasError, vulnerabilitiesOf } from '@cpu-atlas/core';
import type { PlanHost } from '@cpu-atlas/core';
import type { AnswerContext, AnswerSource } from '../answer-contexts.ts';
import { createTurns } from '../turns.ts';
import type { HostRecord } from '../host-directory.ts';
import { notKnownYet, readMembers, type MemberThen } from '../plan/plan-hosts.ts';
import { momentOf } from '../fleet/fleet-at.ts';
import type { Services } from '../services.ts';
import { nameQemu, type ReportedHost } from './report-host.ts';

type Parts = Pick<Services, 'hosts' | 'contexts' | 'store'>;

export interface ReportHostsWanted {
  /** Ids; left out: the whole fleet. */
  readonly hosts?: readonly string[] | undefined;
  /** Left out: each host's own. */
  readonly catalog?: string | undefined;
  /** Each snapshot is read, not one of each fingerprint: what the fingerprint leaves out counts. */
  readonly readsEach?: boolean | undefined;
  /** RFC 3339; left out: now. */
  readonly at?: string | undefined;
}

/**
 * Reads hosts for a report. Hosts of one fingerprint share one context.
 * @throws HOST_NOT_FOUND, CATALOG_NOT_FOUND, STORE_FAILED
 */
export async function readReportHosts(parts: Parts, wanted: ReportHostsWanted): Promise<readonly ReportedHost[]> {
  const members = await readMembers(parts.hosts, wanted);
  const times = await collectionTimes(parts, wanted.at);
  const known = new Map<string, Seen>();
  const turns = createTurns();
  const hosts: ReportedHost[] = [];
  for (const member of members) {
    const seen = known.get(member.fingerprint) ?? (await look(parts, member, wanted.catalog));
    known.set(member.fingerprint, seen);
    const hash = wanted.readsEach === true ? member.snapshotHash : null;
    const snapshot = hash === null ? null : await parts.hosts.snapshot(hash).catch(notThere);
    hosts.push(reportMember(member, seen, times.get(member.id) ?? null, vulnerabilitiesOf(snapshot)));
    await turns.take();
  }
  return hosts;
}

/** One host or snapshot, as it is or as it was. @throws what finding it throws */
export async function readReportSource({ contexts, hosts }: Parts, source: AnswerSource): Promise<ReportedHost> {
  const answer = await contexts.of(source);
  const record = source.snapshot === undefined ? await hosts.find(source.host, momentOf(source.at)) : null;
  return reportAnswer(answer, record);
}

function reportAnswer({ context, snapshotHash, used }: AnswerContext, record: HostRecord | null): ReportedHost {
  const { snapshot, index } = context;
  const { id = snapshotHash, name = snapshotHash, labels = {} } = snapshot?.host ?? {};
  const freshness = record?.freshness.state ?? 'fresh';
  const shownName = record?.summary.name ?? name;
  const assumption = used.assumption ?? undefined;
  return {
    origin: {
      ...{ id, name: shownName, snapshotHash, freshness },
      collectedAt: record?.summary.collectedAt ?? snapshot?.collectedAt ?? null,
      qemu: nameQemu(index.catalog.qemu),
      catalogHash: used.hash,
      assumption: assumption ?? null,
    },
    plan: { id, name: shownName, labels, fingerprint: snapshotHash, freshness, context, assumption },
    vulnerabilities: vulnerabilitiesOf(snapshot),
  };
}

interface Seen extends Pick<PlanHost, 'context' | 'assumption'> {
  readonly qemu: string | null;
  readonly catalogHash: string | null;
}

/** A damaged snapshot makes its host unknown, not the whole report a fault. */
async function look({ contexts }: Parts, { snapshotHash }: MemberThen, catalog: string | undefined): Promise<Seen> {
  if (snapshotHash === null) return { context: notKnownYet, assumption: undefined, qemu: null, catalogHash: null };
  try {
    const { context, used } = await contexts.of({ snapshot: snapshotHash, catalog });
    const qemu = nameQemu(context.index.catalog.qemu);
    return { context, assumption: used.assumption ?? undefined, qemu, catalogHash: used.hash };
  } catch (error) {
    if (!(error instanceof AtlasError) || !error.code.startsWith('SNAPSHOT_')) throw error;
    return { context: { unseen: error.message }, assumption: undefined, qemu: null, catalogHash: null };
  }
}

function reportMember(
  { id, name, labels, fingerprint, freshness, snapshotHash }: MemberThen,
  { context, assumption, qemu, catalogHash }: Seen,
  collectedAt: string | null,
  vulnerabilities: ReportedHost['vulnerabilities'],
): ReportedHost {
  const { state } = freshness;
  return {
    origin: {
      ...{ id, name, snapshotHash, collectedAt, freshness: state, qemu, catalogHash },
      assumption: assumption ?? null,
    },
    plan: { id, name, labels, fingerprint, freshness: state, context, assumption },
    vulnerabilities,
  };
}

/** When the snapshot of each host was taken, the current one or that of a time, RFC 3339. @throws STORE_FAILED */
export async function collectionTimes(
  { store }: Pick<Services, 'store'>,
  at?: string | null,
): Promise<ReadonlyMap<string, string>> {
  const seen = await store.observations.observationsAt(momentOf(at) ?? store.nowMs());
  return new Map(seen.map(({ hostId, collectedAtMs }) => [hostId, new Date(collectedAtMs).toISOString()]));
}

/** A host without a snapshot that can be read says nothing about its vulnerabilities. */
function notThere(error: unknown): null {
  if (error instanceof AtlasError && error.code.startsWith('SNAPSHOT_')) return null;
  throw error;
}
