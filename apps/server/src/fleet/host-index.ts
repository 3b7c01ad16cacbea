import type { HarvestState } from '@cpu-atlas/contract';
import { gathered } from '../gathered.ts';
import type { Change, Contact, HostRow, Store } from '../store/store.ts';
import { freshnessOf, type FreshnessPolicy, type HostFreshness } from './freshness.ts';

/** A host as this server remembers it: the row of the store, and what its last heartbeat said beyond that. */
export interface FleetHost {
  readonly row: HostRow;
  /** When the host was last found to look as its snapshot says, on the store's clock. */
  readonly confirmedAtMs: number;
  /** Whether its agent waits for commands, as it last told this hub or another one. */
  readonly takesCommands: boolean;
  readonly harvests: ReadonlyMap<string, HarvestState>;
}

/** All hosts in memory, without their snapshots (some 1 KB each), following the store and its other hubs. */
export interface HostIndex {
  /** Reads the rows once. @throws STORE_FAILED; the next call tries again */
  open(): Promise<void>;
  /** By name, then id. */
  all(): readonly FleetHost[];
  get(id: string): FleetHost | undefined;
  freshnessOf(host: FleetHost): HostFreshness;
  /** What a contact that was stored says about a host that looks as before. */
  noteContact(contact: Contact, said: HeartbeatNote): void;
  /** Reads the rows of hosts that changed. @throws STORE_FAILED */
  refresh(ids: readonly string[]): Promise<void>;
  /** Reads all rows again: contacts that other hubs took leave no line in the changes. @throws STORE_FAILED */
  refreshAll(): Promise<void>;
  close(): void;
}

/** What only a heartbeat tells. */
export interface HeartbeatNote {
  readonly takesCommands: boolean;
  readonly harvests: ReadonlyMap<string, HarvestState>;
}

export interface HostIndexOptions {
  readonly store: Store;
  readonly policy: FreshnessPolicy;
  readonly onFault: (error: unknown) => void;
  /** Rows of a shared store are read again this often: that another hub heard a host leaves no line in the changes. */
  readonly refreshMs: number;
}

/** Changed in place by each heartbeat, so that the sorted list stays valid. */
type Entry = { -readonly [K in keyof FleetHost]: FleetHost[K] };

const noHarvests: ReadonlyMap<string, HarvestState> = new Map();

export function createHostIndex({ store, policy, onFault, refreshMs }: HostIndexOptions): HostIndex {
  const hosts = new Map<string, Entry>();
  let sorted: readonly FleetHost[] | null = null;
  let opening: Promise<void> | null = null;
  /** The demo fleet is of a day in the past, on which its clock stands: when its last host was heard. */
  let demoClockMs = 0;
  const dirty = new Set<string>();
  let isClosed = false;

  const put = (row: HostRow): void => {
    const entry = hosts.get(row.id);
    if (row.source === 'demo') demoClockMs = Math.max(demoClockMs, row.lastSeenAtMs);
    if (entry === undefined) {
      const { collectedAtMs: confirmedAtMs, takesCommands } = row;
      hosts.set(row.id, { row, confirmedAtMs, takesCommands, harvests: noHarvests });
      sorted = null;
      return;
    }
    const isSame = entry.row.observationId === row.observationId;
    if (entry.row.name !== row.name) sorted = null;
    // What was read may be older than a contact that came meanwhile.
    if (row.lastSeenAtMs >= entry.row.lastSeenAtMs) entry.takesCommands = row.takesCommands;
    entry.confirmedAtMs = Math.max(row.collectedAtMs, isSame ? entry.confirmedAtMs : 0);
    entry.row = isSame ? { ...row, lastSeenAtMs: Math.max(row.lastSeenAtMs, entry.row.lastSeenAtMs) } : row;
  };
  const drop = (id: string): void => {
    if (hosts.delete(id)) sorted = null;
  };
  const readAll = async (): Promise<void> => {
    if (isClosed) return;
    const before = [...hosts.keys()];
    const rows = await store.observations.hosts();
    const present = new Set(rows.map(({ id }) => id));
    rows.forEach(put);
    // What came meanwhile may have been behind the reader.
    for (const id of before) if (!present.has(id)) drop(id);
  };
  const readRow = gathered((ids: readonly string[]) => store.observations.hostsById(ids));
  const refreshOne = async (id: string): Promise<void> => {
    const row = await readRow(id);
    if (row === undefined) drop(id);
    else put(row);
  };
  const refresh = async (ids: readonly string[]): Promise<void> => void (await Promise.all(ids.map(refreshOne)));
  const readDirty = async (): Promise<void> => {
    if (isClosed) return;
    const ids = [...dirty];
    dirty.clear();
    await refresh(ids);
  };
  // One after the other: a row that was read while all were on their way is newer than these.
  const inTurn = createQueue();
  const refreshAll = startedOnce(inTurn, readAll);
  const follow = startedOnce(inTurn, readDirty);
  const report = (work: Promise<void>): void => {
    work.catch((error: unknown) => (isClosed ? undefined : onFault(error)));
  };
  const unsubscribe = store.changes.subscribe(
    (changes: readonly Change[]) => {
      for (const { kind, subject } of changes) if (kind !== 'catalog-new') dirty.add(subject);
      report(follow());
    },
    () => report(refreshAll()),
  );

  const timer = store.isShared ? setInterval(() => report(refreshAll()), refreshMs).unref() : undefined;

  return {
    async open() {
      const attempt = (opening ??= refreshAll());
      try {
        await attempt;
      } catch (error) {
        // Somebody who waited for the same may have begun anew.
        if (opening === attempt) opening = null;
        throw error;
      }
    },
    all: () => (sorted ??= [...hosts.values()].sort((a, b) => compareHosts(a.row, b.row))),
    get: (id) => hosts.get(id),
    freshnessOf({ row }) {
      if (row.source !== 'demo') return freshnessOf(row, store.nowMs(), policy);
      // The demo's clock stands still: its hosts do not age while one looks.
      return { ...freshnessOf(row, demoClockMs, policy), freshUntilMs: Number.POSITIVE_INFINITY };
    },
    noteContact(contact, said) {
      const entry = hosts.get(contact.hostId);
      if (entry === undefined || entry.row.snapshotHash !== contact.snapshotHash) return;
      const { agentVersion, source } = contact;
      const lastSeenAtMs = Math.max(entry.row.lastSeenAtMs, contact.seenAtMs);
      entry.row = { ...entry.row, agentVersion, source, lastSeenAtMs };
      entry.confirmedAtMs = Math.max(entry.confirmedAtMs, contact.collectedAtMs);
      entry.takesCommands = said.takesCommands;
      entry.harvests = said.harvests;
    },
    refresh,
    refreshAll,
    close() {
      isClosed = true;
      clearInterval(timer);
      unsubscribe();
    },
  };
}

type Work = () => Promise<void>;

/** Runs works one after the other, whatever becomes of them. */
function createQueue(): (work: Work) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}

/** Whoever asks while a work waits for its turn gets that one; once it has begun, another one follows. */
function startedOnce(inTurn: (work: Work) => Promise<void>, work: Work): Work {
  let waiting: Promise<void> | null = null;
  return () =>
    (waiting ??= inTurn(() => {
      waiting = null;
      return work();
    }));
}

/** The order of lists: by name, then id, by code units, so that it is the same everywhere. */
export function compareHosts(a: Pick<HostRow, 'name' | 'id'>, b: Pick<HostRow, 'name' | 'id'>): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1;
}
