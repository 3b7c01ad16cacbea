import { AtlasError } from '@cpu-atlas/core';
import type { HostSnapshot } from '@cpu-atlas/core';
import { parseSnapshotText, type HostList, type HostSummary } from '@cpu-atlas/contract';
import type { CatalogLibrary } from './catalog-library.ts';
import type { FactsSource } from './fleet/facts-source.ts';
import type { FreshnessPolicy, HostFreshness } from './fleet/freshness.ts';
import { compareHosts, type FleetHost, type HostIndex } from './fleet/host-index.ts';
import { selectHosts, type HostQuery } from './fleet/host-query.ts';
import { listFleetHost, listOwnHost, listPastHost, type ListedHost } from './fleet/listed-host.ts';
import { listFleetAt, memberOf } from './fleet/fleet-at.ts';
import { observationAt } from './fleet/observation-at.ts';
import type { SnapshotFacts } from './fleet/snapshot-facts.ts';
import { summariseHost } from './host-summary.ts';
import type { OwnHost } from './own-host.ts';
import { RecentMap } from './recent-map.ts';
import type { HostRow, Store } from './store/store.ts';
import { createTurns } from './turns.ts';

/** One host as last seen, or as it looked at a time. */
export interface HostRecord {
  readonly id: string;
  readonly snapshot: HostSnapshot;
  readonly hash: string;
  readonly fingerprint: string;
  readonly freshness: HostFreshness;
  readonly summary: HostSummary;
}

/** A host without its snapshot, as answers about many hosts need it. */
export interface FleetMember {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly source: HostRow['source'];
  readonly snapshotHash: string;
  readonly fingerprint: string;
  /** A host that is not fresh is unknown in every answer. */
  readonly freshness: HostFreshness;
}

/** What an operator says about a host. Left out: stays as it is. */
export interface HostChange {
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** All hosts that this server can answer for: its own, those that joined, imports. */
export interface HostDirectory {
  /** @throws REQUEST_INVALID, STORE_FAILED; PROBE_FAILED where there is nothing but an own host that cannot be probed */
  list(query: HostQuery, atMs?: number): Promise<HostList>;
  /** All of them, by name, then id. `atMs`: those that were known then, as they looked. @throws STORE_FAILED */
  fleet(atMs?: number): Promise<readonly FleetMember[]>;
  /** Without id: the own host. `atMs`: as it looked then. @throws HOST_NOT_FOUND, PROBE_FAILED, STORE_FAILED */
  find(id?: string, atMs?: number): Promise<HostRecord>;
  /** A snapshot by content hash. @throws SNAPSHOT_NOT_FOUND, STORE_FAILED */
  snapshot(hash: string): Promise<HostSnapshot>;
  /** @throws HOST_NOT_FOUND, STORE_FAILED */
  relabel(id: string, change: HostChange): Promise<HostRecord>;
  /** @throws HOST_NOT_FOUND, COMMAND_REFUSED for the own host, STORE_FAILED */
  remove(id: string): Promise<void>;
  /** Whether that is the host on which this server runs. */
  isOwn(id: string): boolean;
}

export interface HostDirectoryParts {
  readonly store: Store;
  readonly ownHost: OwnHost;
  readonly index: HostIndex;
  readonly facts: FactsSource;
  readonly library: CatalogLibrary;
  readonly policy: FreshnessPolicy;
  readonly nowMs: () => number;
  readonly readAllCatalogs: () => Promise<void>;
}

/** Snapshots that are kept in memory, some 100 KB each. */
const keptSnapshots = 64;

/** After so many the time is looked at. */
const hostsPerSlice = 128;

export function createHostDirectory(parts: HostDirectoryParts): HostDirectory {
  const { store, ownHost, index, facts, library } = parts;
  const isOwn = (id: string): boolean => ownHost.seen?.snapshot.host.id === id;
  const snapshot = createSnapshotShelf(store, ownHost);

  /** The own host comes last. */
  function* eachHost(): Generator<ListedHost> {
    for (const host of index.all()) if (!isOwn(host.row.id)) yield listFleetHost(host, index);
    if (ownHost.seen !== null) yield listOwnHost(ownHost.seen, ownHost, index, store.nowMs());
  }
  const knownFacts = ({ id, snapshotHash }: ListedHost): SnapshotFacts | undefined =>
    isOwn(id) && ownHost.seen?.hash === snapshotHash ? ownHost.seen.facts : facts.peek(snapshotHash);
  const summarise = async (host: ListedHost): Promise<HostSummary> => {
    const known = knownFacts(host) ?? (await facts.of(host.snapshotHash));
    if (known === null) throw noSuchSnapshot(host.snapshotHash);
    const isSelf = isOwn(host.id);
    const nowMs = isSelf ? parts.nowMs() : store.nowMs();
    return summariseHost({ host, facts: known, nowMs, isSelf, isProbing: isSelf && ownHost.isProbing }, library);
  };
  const recordOf = async (host: ListedHost): Promise<HostRecord> => ({
    id: host.id,
    snapshot: await snapshot(host.snapshotHash),
    hash: host.snapshotHash,
    fingerprint: host.fingerprint,
    freshness: host.seen,
    summary: await summarise(host),
  });
  const lookUp = async (id: string): Promise<FleetHost> => {
    await index.open();
    if (index.get(id) === undefined) await index.refresh([id]);
    const host = index.get(id);
    if (host === undefined) throw noSuchHost(id, 'there is no host of that id');
    return host;
  };
  const findAt = async (id: string, atMs: number): Promise<HostRecord> => {
    const { row } = await lookUp(id);
    const observation = await observationAt(store, id, atMs);
    if (observation === null) throw noSuchHost(id, 'that host was not known yet at that time');
    return recordOf(listPastHost(row, observation, { atMs, policy: parts.policy }));
  };
  const find: HostDirectory['find'] = async (id, atMs) => {
    const seen = id === undefined || isOwn(id) ? await ownHost.current() : null;
    const wanted = seen?.snapshot.host.id ?? String(id);
    if (seen === null || atMs !== undefined) await parts.readAllCatalogs();
    if (atMs !== undefined) return findAt(wanted, atMs);
    if (seen !== null) return recordOf(listOwnHost(seen, ownHost, index, store.nowMs()));
    return recordOf(listFleetHost(await lookUp(wanted), index));
  };

  return {
    isOwn,
    snapshot,
    find,
    async list(query, atMs) {
      await index.open();
      const all = [...(atMs === undefined ? eachHost() : await listFleetAt(store, atMs, parts.policy))].sort(
        compareHosts,
      );
      if (atMs === undefined && all.length === 0 && ownHost.fault !== null) throw ownHost.fault;
      if (query.q !== undefined) await facts.readAll(all.map(({ snapshotHash }) => snapshotHash));
      const { hosts, ...counts } = selectHosts(all, query, knownFacts);
      if (atMs !== undefined || hosts.some(({ id }) => !isOwn(id))) await parts.readAllCatalogs();
      const items: HostSummary[] = [];
      for (const host of hosts) items.push(await summarise(host));
      return { items, ...counts, self: stateOfOwn(ownHost) };
    },
    async fleet(atMs) {
      await index.open();
      if (atMs !== undefined) {
        return (await listFleetAt(store, atMs, parts.policy)).map((host) => memberOf(host, host.seen));
      }
      const members: FleetMember[] = [];
      const turns = createTurns();
      for (const host of index.all()) {
        if (!isOwn(host.row.id)) members.push(memberOf(host.row, index.freshnessOf(host)));
        if (members.length % hostsPerSlice === 0) await turns.take();
      }
      if (ownHost.seen === null) return members;
      const own = listOwnHost(ownHost.seen, ownHost, index, store.nowMs());
      return [...members, memberOf(own, own.seen)].sort(compareHosts);
    },
    async relabel(id, change) {
      if ((await store.observations.relabel(id, change)) === null) throw noSuchHost(id, 'there is no host of that id');
      await index.refresh([id]);
      return find(id);
    },
    async remove(id) {
      if (isOwn(id)) {
        throw new AtlasError('COMMAND_REFUSED', 'this server runs on that host', {
          where: id,
          remedy: 'it is on the lists for as long as the server runs',
        });
      }
      if (!(await store.observations.remove(id))) throw noSuchHost(id, 'there is no host of that id');
      await index.refresh([id]);
    },
  };
}

/** Snapshots by hash: those used last in memory, the others from the store. */
function createSnapshotShelf(store: Store, ownHost: OwnHost): (hash: string) => Promise<HostSnapshot> {
  const kept = new RecentMap<string, HostSnapshot>(keptSnapshots);
  // What this process has shown can be asked for again, even while the store does not answer.
  ownHost.subscribe(({ hash, snapshot }) => kept.set(hash, snapshot));
  return async (hash) => {
    const here = ownHost.seen?.hash === hash ? ownHost.seen.snapshot : kept.get(hash);
    if (here !== undefined) return here;
    const stored = await store.contents.snapshot(hash);
    if (stored === null) throw noSuchSnapshot(hash);
    const parsed = parseSnapshotText(new TextDecoder().decode(stored.body), hash);
    kept.set(hash, parsed);
    return parsed;
  };
}

function stateOfOwn({ seen, fault }: OwnHost): HostList['self'] {
  if (fault !== null) {
    return { state: 'unknown', code: fault.code, reason: fault.message, remedy: fault.remedy ?? 'probe it again' };
  }
  if (seen !== null) return { state: 'known' };
  return { state: 'unknown', code: 'NOT_READY', reason: 'the first probe is running', remedy: 'ask again in a second' };
}

function noSuchHost(id: string, what: string): AtlasError {
  return new AtlasError('HOST_NOT_FOUND', what, { where: id, remedy: 'take the id from GET /api/v1/hosts' });
}

function noSuchSnapshot(hash: string): AtlasError {
  return new AtlasError('SNAPSHOT_NOT_FOUND', 'this server does not keep a snapshot of that hash', {
    where: hash,
    remedy: 'take the hash from GET /api/v1/hosts',
  });
}
