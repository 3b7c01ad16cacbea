import { useQueries } from '@tanstack/react-query';
import type { HostSnapshot } from '@cpu-atlas/core';
import { useMemo } from 'react';
import { faultOf } from '../../api/fault.ts';
import { hostQuery, snapshotQuery } from '../../api/queries.ts';
import type { Route } from '../../navigation/route.ts';
import { routeTo } from '../../navigation/route.ts';
import { describeCell, describeHost, describeModel } from './compared-thing.ts';
import type { Ground, ThingBody } from './compared-thing.ts';
import { parseItem } from './compare-items.ts';
import type { CompareItem } from './compare-items.ts';

/** One of the compared things, as far as it is known. */
export interface Thing {
  /** As `formatItem` writes it. */
  readonly key: string;
  readonly item: CompareItem | null;
  readonly title: string;
  readonly subtitle: string;
  /** Where all of it is shown. */
  readonly route: Route | null;
  readonly snapshotHash: string | null;
  readonly state:
    | { readonly kind: 'loading' }
    | { readonly kind: 'fault'; readonly message: string }
    | { readonly kind: 'known'; readonly body: ThingBody };
}

interface SeenHost {
  readonly name: string;
  readonly snapshot: HostSnapshot;
  readonly hash: string;
}

type Loaded = ReadonlyMap<string, SeenHost | { readonly message: string }>;

/** Loads and describes what the address names. */
export function useThings(items: readonly string[], ground: Ground, at: string): readonly Thing[] {
  const parsed = useMemo(() => items.map((key) => ({ key, item: parseItem(key) })), [items]);
  const hosts = useHosts(
    parsed.map(({ item }) => item),
    at,
  );
  return useMemo(() => parsed.map(({ key, item }) => describeThing(key, item, hosts, ground)), [parsed, hosts, ground]);
}

/** `at`: hosts as they were then; snapshots are what they are. */
function useHosts(items: readonly (CompareItem | null)[], at: string): Loaded {
  const ids = [
    ...new Set(items.flatMap((item) => (item?.kind === 'host' ? item.id : item?.kind === 'cell' ? item.host : []))),
  ];
  const hashes = [...new Set(items.flatMap((item) => (item?.kind === 'snapshot' ? item.hash : [])))];
  const hosts = useQueries({ queries: ids.map((id) => hostQuery(id, at)) });
  const snapshots = useQueries({ queries: hashes.map((hash) => snapshotQuery(hash)) });
  const stamp = [...hosts, ...snapshots].map(
    ({ dataUpdatedAt, errorUpdatedAt }) => `${dataUpdatedAt}/${errorUpdatedAt}`,
  );
  return useMemo(() => {
    const loaded = new Map<string, SeenHost | { readonly message: string }>();
    ids.forEach((id, place) => {
      const query = hosts[place];
      if (query?.data !== undefined) {
        const { summary, snapshot } = query.data;
        loaded.set(id, { name: summary.name, snapshot, hash: summary.snapshotHash });
      } else if (query?.isError === true) loaded.set(id, { message: faultOf(query.error).detail });
    });
    hashes.forEach((hash, place) => {
      const query = snapshots[place];
      // What was shown before stays as a placeholder: it is another snapshot.
      if (query?.data?.hash === hash) {
        loaded.set(hash, { name: query.data.snapshot.host.name, snapshot: query.data.snapshot, hash });
      } else if (query?.isError === true) loaded.set(hash, { message: faultOf(query.error).detail });
    });
    return loaded;
    // The results are new objects at each render; when they were updated tells whether they changed.
  }, [ids.join(), hashes.join(), stamp.join()]);
}

function describeThing(key: string, item: CompareItem | null, hosts: Loaded, ground: Ground): Thing {
  const blank = { key, item, snapshotHash: null };
  if (item === null) {
    const state = { kind: 'fault', message: 'the link names something that cannot be compared' } as const;
    return { ...blank, title: key, subtitle: '', route: null, state };
  }
  if (item.kind === 'model') {
    const route = routeTo('model', { name: item.name, machine: ground.machine, accel: ground.accel });
    const named = { ...blank, title: item.name, subtitle: `model, on ${ground.machine}`, route };
    return ground.index.modelByName.has(item.name)
      ? { ...named, state: { kind: 'known', body: describeModel(ground, item.name) } }
      : { ...named, state: { kind: 'fault', message: `QEMU ${ground.index.catalog.qemu.version} has no such model` } };
  }
  return describeSeen(key, item, hosts, ground);
}

type SeenItem = Exclude<CompareItem, { readonly kind: 'model' }>;

function describeSeen(key: string, item: SeenItem, hosts: Loaded, ground: Ground): Thing {
  const reference = item.kind === 'host' ? item.id : item.kind === 'snapshot' ? item.hash : item.host;
  const host = hosts.get(reference);
  const isSeen = host !== undefined && 'snapshot' in host;
  const head = {
    ...{ key, item, snapshotHash: isSeen ? host.hash : null },
    ...nameSeen(item, isSeen ? host : null, ground),
  };
  if (host === undefined) return { ...head, state: { kind: 'loading' } };
  if (!isSeen) return { ...head, state: { kind: 'fault', message: host.message } };
  try {
    const body = item.kind === 'cell' ? describeCell(ground, host.snapshot, item) : describeHost(ground, host.snapshot);
    return { ...head, state: { kind: 'known', body } };
  } catch (thrown) {
    return { ...head, state: { kind: 'fault', message: faultOf(thrown).detail } };
  }
}

function nameSeen(
  item: SeenItem,
  host: SeenHost | null,
  { accel }: Ground,
): Pick<Thing, 'title' | 'subtitle' | 'route'> {
  switch (item.kind) {
    case 'host':
      return { title: host?.name ?? item.id, subtitle: 'host', route: routeTo('host', { id: item.id }) };
    case 'snapshot':
      return {
        title: host?.name ?? item.hash,
        subtitle: host === null ? 'snapshot' : `as of ${new Date(host.snapshot.collectedAt).toLocaleString()}`,
        route: null,
      };
    case 'cell': {
      const { model, machine } = item;
      const route = routeTo('matrix', { host: item.host, accel, cell: { model, machine } });
      return { title: model, subtitle: `on ${machine}, ${host?.name ?? item.host}`, route };
    }
  }
}
