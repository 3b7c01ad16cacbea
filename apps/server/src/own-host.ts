import { AtlasError, isUnknown } from '@cpu-atlas/core';
import type { HostSnapshot, QemuBinary } from '@cpu-atlas/core';
import type { CatalogFile } from '@cpu-atlas/catalog';
import type { HarvestState } from '@cpu-atlas/contract';
import type { CatalogLibrary } from './catalog-library.ts';
import { snapshotHash } from './content-hash.ts';
import { readFacts, type SnapshotFacts } from './fleet/snapshot-facts.ts';
import { fingerprintOf } from './fleet/stored-snapshot.ts';

/** This host as the last probe saw it. */
export interface SeenHost {
  readonly snapshot: HostSnapshot;
  readonly hash: string;
  readonly fingerprint: string;
  readonly facts: SnapshotFacts;
  /** When the probe ended, on a clock that nobody sets: `performance.now()`. */
  readonly probedAtTicks: number;
}

/** The harvests that the own host starts and asks about. */
export interface HostHarvests {
  want(path: string, kvm: 'opens' | 'closed'): Promise<void>;
  state(path: string): HarvestState;
}

export interface OwnHostOptions {
  readonly probe: () => Promise<HostSnapshot>;
  readonly library: CatalogLibrary;
  readonly nowMs: () => number;
  readonly onProbed: (hash: string, durationMs: number) => void;
  readonly onFault: (error: unknown) => void;
  /** Puts the catalogs that answer for these binaries into the library. */
  readonly prepareCatalogs: (binaries: readonly QemuBinary[]) => Promise<void>;
}

/** The host on which the server runs: probed at start and on demand, one probe at a time, the last answer kept. */
export interface OwnHost {
  /** Waits for the first probe only. @throws PROBE_FAILED */
  current(): Promise<SeenHost>;
  /** @throws PROBE_BUSY, PROBE_FAILED */
  probe(): Promise<SeenHost>;
  /** Without waiting; null before the first probe that worked. */
  readonly seen: SeenHost | null;
  /** Why the last probe failed; null: it did not. */
  readonly fault: AtlasError | null;
  readonly isProbed: boolean;
  readonly isProbing: boolean;
  /** Milliseconds of the last probe; null before the first. */
  readonly lastProbeMs: number | null;
  harvestOf(path: string): HarvestState;
  /** Calls after each probe and whenever a catalog became known, until unsubscribed. */
  subscribe(listener: (seen: SeenHost) => void): () => void;
  /** Called when a binary has been harvested: from now on its own catalog answers. */
  useCatalog(path: string, file: CatalogFile): void;
  /** Connects the harvests, which in turn call `useCatalog`. */
  attach(harvests: HostHarvests): void;
}

const noHarvests: HarvestState = { state: 'off', reason: 'nothing harvests on this server' };

export function createOwnHost(options: OwnHostOptions): OwnHost {
  const { library, nowMs } = options;
  const exactCatalogs = new Map<string, string>();
  const listeners = new Set<(seen: SeenHost) => void>();
  let harvests: HostHarvests | null = null;
  let raw: { readonly snapshot: HostSnapshot; readonly probedAtTicks: number } | null = null;
  let seen: SeenHost | null = null;
  let running: Promise<void> | null = null;
  let fault: AtlasError | null = null;
  let lastProbeMs: number | null = null;

  /** The snapshot with the catalogs that are known to describe its binaries; hashed again only when that changed. */
  const remember = (snapshot: HostSnapshot, probedAtTicks: number): SeenHost => {
    raw = { snapshot, probedAtTicks };
    const named = withCatalogs(snapshot, exactCatalogs);
    const fingerprint = fingerprintOf(named);
    const facts = readFacts(named, fingerprint);
    seen = { snapshot: named, hash: snapshotHash(named), fingerprint, facts, probedAtTicks };
    for (const listener of listeners) listener(seen);
    return seen;
  };

  const runProbe = async (): Promise<void> => {
    const startMs = nowMs();
    try {
      const snapshot = await options.probe();
      const probedAtTicks = performance.now();
      await askForHarvests(snapshot, harvests);
      await options.prepareCatalogs((snapshot.qemu ?? []).filter(({ path }) => !exactCatalogs.has(path)));
      const { hash } = remember(snapshot, probedAtTicks);
      fault = null;
      lastProbeMs = nowMs() - startMs;
      options.onProbed(hash, lastProbeMs);
    } catch (cause) {
      fault = asProbeFault(cause);
      options.onFault(cause);
    } finally {
      running = null;
    }
  };

  const start = (): Promise<void> => (running ??= runProbe());
  const known = (): SeenHost => {
    if (seen === null) throw fault ?? new AtlasError('PROBE_FAILED', 'the host has not been probed');
    return seen;
  };

  return {
    async current() {
      if (seen === null) await start();
      return known();
    },
    async probe() {
      if (running !== null) {
        throw new AtlasError('PROBE_BUSY', 'a probe of this host is running', {
          where: 'this host',
          remedy: 'wait for it; GET /api/v1/hosts shows its result',
        });
      }
      await start();
      if (fault !== null) throw fault;
      return known();
    },
    get seen() {
      return seen;
    },
    get fault() {
      return fault;
    },
    get isProbed() {
      return seen !== null;
    },
    get isProbing() {
      return running !== null;
    },
    get lastProbeMs() {
      return lastProbeMs;
    },
    harvestOf: (path) => harvests?.state(path) ?? noHarvests,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    useCatalog(path, file) {
      library.addHarvested(file);
      exactCatalogs.set(path, file.hash);
      if (raw !== null) remember(raw.snapshot, raw.probedAtTicks);
    },
    attach(attached) {
      harvests = attached;
    },
  };
}

function withCatalogs(snapshot: HostSnapshot, catalogs: ReadonlyMap<string, string>): HostSnapshot {
  if (snapshot.qemu === undefined) return snapshot;
  const qemu = snapshot.qemu.map((binary) => {
    const catalog = catalogs.get(binary.path);
    return catalog === undefined ? binary : { ...binary, catalog };
  });
  return { ...snapshot, qemu };
}

/** A cached harvest is used at once; what has none is harvested later. A binary that vanished is no fault of the probe. */
async function askForHarvests(snapshot: HostSnapshot, harvests: HostHarvests | null): Promise<void> {
  if (harvests === null) return;
  const { kernel } = snapshot;
  const kvmOpens = kernel !== undefined && !isUnknown(kernel) && !isUnknown(kernel.kvm);
  const wanted = (snapshot.qemu ?? []).map(({ path }) => harvests.want(path, kvmOpens ? 'opens' : 'closed'));
  await Promise.allSettled(wanted);
}

function asProbeFault(cause: unknown): AtlasError {
  if (cause instanceof AtlasError) return cause;
  return new AtlasError('PROBE_FAILED', 'the probe of this host failed', {
    remedy: 'run cpu-atlas probe on a terminal',
    cause,
  });
}
