import { AtlasError, isUnknown } from '@cpu-atlas/core';
import type { HostSnapshot, QemuBinary } from '@cpu-atlas/core';
import type { CatalogFile } from '@cpu-atlas/catalog';
import type { HarvestState, HostSummary, QemuSummary } from '@cpu-atlas/contract';
import type { CatalogLibrary, CatalogUse } from './catalog-library.ts';
import { snapshotHash } from './content-hash.ts';
import { summariseHost } from './host-summary.ts';

/** One host as last seen. */
export interface HostRecord {
  readonly id: string;
  readonly snapshot: HostSnapshot;
  readonly hash: string;
  readonly summary: HostSummary;
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
  current(): Promise<HostRecord>;
  /** @throws PROBE_BUSY, PROBE_FAILED */
  probe(): Promise<HostRecord>;
  readonly isProbed: boolean;
  /** Milliseconds of the last probe; null before the first. */
  readonly lastProbeMs: number | null;
  /** Called when a binary has been harvested: from now on its own catalog answers. */
  useCatalog(path: string, file: CatalogFile): void;
  /** Connects the harvests, which in turn call `useCatalog`. */
  attach(harvests: HostHarvests): void;
  /** The catalog for one of the host's binaries (its first when `path` is undefined). */
  catalogOf(snapshot: HostSnapshot, path?: string): CatalogUse;
}

interface Seen {
  readonly snapshot: HostSnapshot;
  readonly hash: string;
}

export function createOwnHost(options: OwnHostOptions): OwnHost {
  const { library, nowMs } = options;
  const exactCatalogs = new Map<string, string>();
  let harvests: HostHarvests | null = null;
  let raw: HostSnapshot | null = null;
  let seen: Seen | null = null;
  let running: Promise<void> | null = null;
  let fault: AtlasError | null = null;
  let lastProbeMs: number | null = null;

  /** The snapshot with the catalogs that are known to describe its binaries; hashed again only when that changed. */
  const remember = (snapshot: HostSnapshot): void => {
    raw = snapshot;
    const named = withCatalogs(snapshot, exactCatalogs);
    seen = { snapshot: named, hash: snapshotHash(named) };
  };

  const runProbe = async (): Promise<void> => {
    const startMs = nowMs();
    try {
      const snapshot = await options.probe();
      await askForHarvests(snapshot, harvests);
      await options.prepareCatalogs((snapshot.qemu ?? []).filter(({ path }) => !exactCatalogs.has(path)));
      remember(snapshot);
      fault = null;
      lastProbeMs = nowMs() - startMs;
      if (seen !== null) options.onProbed(seen.hash, lastProbeMs);
    } catch (cause) {
      fault = asProbeFault(cause);
      options.onFault(cause);
    } finally {
      running = null;
    }
  };

  const start = (): Promise<void> => (running ??= runProbe());

  const record = (): HostRecord => {
    if (seen === null) throw fault ?? new AtlasError('PROBE_FAILED', 'the host has not been probed');
    const { snapshot, hash } = seen;
    const qemu = (snapshot.qemu ?? []).map((binary): QemuSummary => {
      const use = catalogUse(library, binary);
      return {
        path: binary.path,
        version: binary.version,
        package: binary.package ?? null,
        catalog: use?.used.hash ?? null,
        catalogVersion: use?.used.version ?? null,
        catalogMatch: use?.used.match ?? 'none',
        harvest: harvests?.state(binary.path) ?? { state: 'off', reason: 'nothing harvests on this server' },
      };
    });
    const summary = summariseHost({ snapshot, hash, qemu, nowMs: nowMs(), isSelf: true, isProbing: running !== null });
    return { id: snapshot.host.id, snapshot, hash, summary };
  };

  return {
    async current() {
      if (seen === null) await start();
      return record();
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
      return record();
    },
    get isProbed() {
      return seen !== null;
    },
    get lastProbeMs() {
      return lastProbeMs;
    },
    useCatalog(path, file) {
      library.addHarvested(file);
      exactCatalogs.set(path, file.hash);
      if (raw !== null) remember(raw);
    },
    attach(attached) {
      harvests = attached;
    },
    catalogOf(snapshot, path) {
      const binary = findBinary(snapshot, path);
      const use = binary === null ? null : catalogUse(library, binary);
      return use ?? library.newest(snapshot.host.name);
    },
  };
}

/** @throws QEMU_NOT_FOUND when a path is asked for that the host does not have */
function findBinary(snapshot: HostSnapshot, path: string | undefined): QemuBinary | null {
  const binaries = snapshot.qemu ?? [];
  if (path === undefined) return binaries[0] ?? null;
  const binary = binaries.find((candidate) => candidate.path === path);
  if (binary !== undefined) return binary;
  throw new AtlasError('QEMU_NOT_FOUND', `${snapshot.host.name} is not known to have that binary`, {
    where: path,
    remedy: `choose one of: ${binaries.map((candidate) => candidate.path).join(', ') || 'none is installed'}`,
  });
}

function catalogUse(library: CatalogLibrary, binary: QemuBinary): CatalogUse | null {
  return binary.catalog !== undefined && library.has(binary.catalog)
    ? library.exact(binary.catalog)
    : library.nearest(binary);
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
