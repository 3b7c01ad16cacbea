import { AtlasError } from '@cpu-atlas/core';
import type { FreshnessState, HostSummary } from '@cpu-atlas/contract';
import { compareHosts } from './host-index.ts';
import type { SnapshotFacts } from './snapshot-facts.ts';

/** Which hosts a list shows. All that is given must hold; of `freshness` and `source` any of the values. */
export interface HostQuery {
  readonly q?: string | undefined;
  /** `rack=r1`: the label has that value; `rack`: it has the label. */
  readonly label?: readonly string[] | undefined;
  readonly freshness?: readonly FreshnessState[] | undefined;
  readonly source?: readonly HostSummary['source'][] | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** What filters look at. */
export interface QueriedHost {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly source: HostSummary['source'];
  readonly freshness: FreshnessState;
}

export interface HostSelection<T extends QueriedHost> {
  /** The page. */
  readonly hosts: readonly T[];
  readonly nextCursor: string | null;
  readonly total: number;
  /** Of all hosts that the other filters leave. */
  readonly byFreshness: Readonly<Record<FreshnessState, number>>;
}

/**
 * One page of the hosts that a query leaves. The cursor is the id of the last host of the page before; the next page holds
 * those that sort behind it, whether it still passes the filters or not.
 * @throws REQUEST_INVALID for a cursor whose host was removed
 */
export function selectHosts<T extends QueriedHost>(
  all: readonly T[],
  query: HostQuery,
  factsOf: (host: T) => SnapshotFacts | undefined,
): HostSelection<T> {
  const matching = all.filter(
    (host) => hasSource(host, query) && hasLabels(host, query) && hasWords(host, query, factsOf),
  );
  const byFreshness = { fresh: 0, stale: 0, unreachable: 0 };
  for (const { freshness } of matching) byFreshness[freshness] += 1;
  const { freshness: wanted } = query;
  const selected = wanted === undefined ? matching : matching.filter(({ freshness }) => wanted.includes(freshness));
  const rest = query.cursor === undefined ? selected : behind(selected, findCursor(all, query.cursor));
  const hosts = rest.slice(0, query.limit);
  const last = hosts.at(-1);
  const nextCursor = last !== undefined && rest.length > hosts.length ? last.id : null;
  return { hosts, nextCursor, total: selected.length, byFreshness };
}

function hasSource({ source }: QueriedHost, query: HostQuery): boolean {
  return query.source === undefined || query.source.includes(source);
}

function hasLabels({ labels }: QueriedHost, query: HostQuery): boolean {
  return (query.label ?? []).every((filter) => {
    const at = filter.indexOf('=');
    if (at < 0) return Object.hasOwn(labels, filter);
    return Object.hasOwn(labels, filter.slice(0, at)) && labels[filter.slice(0, at)] === filter.slice(at + 1);
  });
}

function hasWords<T extends QueriedHost>(
  host: T,
  { q }: HostQuery,
  factsOf: (host: T) => SnapshotFacts | undefined,
): boolean {
  const words = q?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
  if (words.length === 0) return true;
  const facts = factsOf(host);
  const labels = Object.entries(host.labels).map(([key, value]) => `${key}=${value}`);
  const text = [host.name, host.id, ...labels, facts?.cpuName ?? '', facts?.kernelRelease ?? '']
    .join('\n')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

function findCursor<T extends QueriedHost>(all: readonly T[], cursor: string): T {
  const host = all.find(({ id }) => id === cursor);
  if (host !== undefined) return host;
  throw new AtlasError('REQUEST_INVALID', 'there is no such page', {
    where: 'querystring: $.cursor',
    remedy: 'start again without cursor',
  });
}

function behind<T extends QueriedHost>(hosts: readonly T[], cursor: T): readonly T[] {
  const at = hosts.findIndex((host) => compareHosts(host, cursor) > 0);
  return at < 0 ? [] : hosts.slice(at);
}
