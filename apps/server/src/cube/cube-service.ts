import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { encodeCube, type HostSnapshot } from '@cpu-atlas/core';
import { parseSnapshotText } from '@cpu-atlas/contract';
import type { CatalogEntry } from '../catalog-library.ts';
import { RecentMap } from '../recent-map.ts';
import type { Services } from '../services.ts';
import { stampOfCore } from './core-stamp.ts';
import { createCubeBuilder, type CubeRequest } from './cube-builder.ts';
import { momentOf } from '../fleet/fleet-at.ts';
import type { FleetMember } from '../host-directory.ts';
import { createOwnQemuSource } from './own-qemu.ts';
import { createSheetSource, type RepresentativeSource } from './sheet-source.ts';
import { createTurns } from '../turns.ts';

/** A cube as it is sent. */
export interface CubeDocument {
  /** Hash of the bytes. */
  readonly etag: string;
  readonly identity: Uint8Array;
  /** Compressed once, when it is first asked for. */
  compressed(encoding: 'br' | 'gzip'): Promise<Uint8Array>;
}

export interface CubeService {
  /** @throws CATALOG_NOT_FOUND, ACCELERATOR_UNKNOWN, CATALOG_INVALID, STORE_FAILED */
  document(request: CubeRequest): Promise<CubeDocument>;
  /**
   * Computes columns before somebody asks: at the start of what a browser asks for first; when hosts look other than
   * before, of the cubes that were asked for lately.
   */
  keepReady(): void;
  close(): void;
}

/** Cubes that are kept ready, some 3 MB each for 10,000 hosts. */
const keptCubes = 6;
/** For so long a cube is not compared with the fleet. Silence that counts is minutes long. */
const settledMs = 1_000;
/** Up to this age a cube is sent at once and compared afterwards; an older one waits for the comparison. */
const servedMs = 5_000;
/** After the start: whoever asks first is answered before anything is computed ahead. */
const aloneForMs = 1_000;
/** After the fleet changed, so that what arrives together is computed together. */
const readyAfterMs = 10_000;
/** A cube that nobody asked for in this time is computed when somebody does. */
const readyForMs = 15 * 60_000;
/** What a browser asks for first. */
const firstRequest: CubeRequest = { catalog: null, accel: 'kvm', kernelIrqchip: undefined, at: null };
/** Snapshots that are parsed at once. */
const parseBatch = 32;

interface Kept {
  readonly members: readonly FleetMember[];
  readonly catalogs: readonly CatalogEntry[];
  readonly document: CubeDocument;
  checkedAtMs: number;
  /** When the first host of it stops being fresh unless it was heard since, on the store's clock. */
  freshUntilMs: number;
}

export function createCubeService(services: Services, log: (error: unknown) => void): CubeService {
  const { store, hosts, library, readAllCatalogs } = services;
  const kept = new RecentMap<string, Kept>(keptCubes);
  /** Cubes of now that were asked for last, and when. */
  const asked = new Map<string, { readonly request: CubeRequest; readonly atMs: number }>();
  const running = new Map<string, Promise<CubeDocument>>();
  let stamp: Promise<string> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let unsubscribe = (): void => {};
  let isClosed = false;
  const builder = createCubeBuilder({
    library,
    sheets: createSheetSource({ store, library, stamp: () => (stamp ??= stampOfCore()), onFault: log }),
    ownQemus: createOwnQemuSource(store),
    representatives: (members) => readRepresentatives(services, members),
  });

  const refresh = async (key: string, request: CubeRequest): Promise<CubeDocument> => {
    await readAllCatalogs();
    const members = await hosts.fleet(momentOf(request.at));
    const catalogs = library.list();
    const known = kept.get(key);
    if (known !== undefined && known.catalogs === catalogs && isSameFleet(known.members, members)) {
      known.checkedAtMs = performance.now();
      known.freshUntilMs = freshUntil(members);
      return known.document;
    }
    const document = pack(encodeCube(await builder.build(request, members)));
    kept.set(key, { members, catalogs, document, checkedAtMs: performance.now(), freshUntilMs: freshUntil(members) });
    return document;
  };

  const refreshOnce = (key: string, request: CubeRequest): Promise<CubeDocument> => {
    const run = running.get(key) ?? refresh(key, request).finally(() => running.delete(key));
    running.set(key, run);
    return run;
  };
  /** What fails here fails again, and aloud, for whoever asks. */
  const refreshAside = (request: CubeRequest): void => {
    if (!isClosed) void refreshOnce(keyOf(request), request).catch((error: unknown) => (isClosed ? null : log(error)));
  };
  const refreshAll = (): void => {
    timer = null;
    for (const { request, atMs } of asked.values()) if (performance.now() - atMs < readyForMs) refreshAside(request);
  };

  return {
    async document(request) {
      const key = keyOf(request);
      if (request.at === null) remember(asked, key, { request, atMs: performance.now() });
      const known = kept.get(key);
      const ageMs = known === undefined ? Infinity : performance.now() - known.checkedAtMs;
      // Nobody writes when a host falls silent: a cube that may show one fresher than it is waits for the comparison.
      const mayBeTooFresh = request.at === null && known !== undefined && store.nowMs() >= known.freshUntilMs;
      if (known === undefined || ageMs > servedMs || mayBeTooFresh) return refreshOnce(key, request);
      if (ageMs > settledMs) refreshAside(request);
      return known.document;
    },
    keepReady() {
      timer = setTimeout(() => {
        timer = null;
        if (kept.get(keyOf(firstRequest)) === undefined) refreshAside(firstRequest);
      }, aloneForMs).unref();
      unsubscribe = store.changes.subscribe(() => {
        timer ??= setTimeout(refreshAll, readyAfterMs).unref();
      });
    },
    close() {
      isClosed = true;
      unsubscribe();
      if (timer !== null) clearTimeout(timer);
    },
  };
}

function freshUntil(members: readonly FleetMember[]): number {
  return members.reduce((first, { freshness }) => Math.min(first, freshness.freshUntilMs), Number.POSITIVE_INFINITY);
}

function remember<T>(asked: Map<string, T>, key: string, one: T): void {
  asked.delete(key);
  asked.set(key, one);
  const [oldest] = asked.keys();
  if (asked.size > keptCubes && oldest !== undefined) asked.delete(oldest);
}

function keyOf({ catalog, accel, kernelIrqchip, at }: CubeRequest): string {
  return JSON.stringify([catalog, accel, kernelIrqchip ?? null, at]);
}

/** Whether the cubes of two fleets are equal under the same catalogs. */
function isSameFleet(before: readonly FleetMember[], after: readonly FleetMember[]): boolean {
  const isSame = (a: FleetMember, b: FleetMember): boolean =>
    a.id === b.id && a.fingerprint === b.fingerprint && a.freshness.state === b.freshness.state && a.name === b.name;
  return before.length === after.length && before.every((member, i) => isSame(member, after[i]));
}

/** Of 1.5 MB quality 5 leaves 6 % more than 9 does, in a tenth of the time. */
const brotliQuality = 5;

function pack(identity: Uint8Array): CubeDocument {
  const compressed = new Map<string, Promise<Uint8Array>>();
  const hash = createHash('sha256').update(identity).digest('base64url');
  return {
    etag: `"${hash}"`,
    identity,
    compressed(encoding) {
      const run = compressed.get(encoding) ?? compress(identity, encoding);
      compressed.set(encoding, run);
      return run;
    },
  };
}

function compress(identity: Uint8Array, encoding: 'br' | 'gzip'): Promise<Uint8Array> {
  if (encoding === 'gzip') return promisify(gzip)(identity);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: brotliQuality,
    [constants.BROTLI_PARAM_SIZE_HINT]: identity.length,
  };
  return promisify(brotliCompress)(identity, { params });
}

/** Snapshots from the store; of a host whose contact is not written yet, from the directory. */
function readRepresentatives({ store, hosts }: Services, members: readonly FleetMember[]): RepresentativeSource {
  const hashes = new Map(members.map(({ fingerprint, snapshotHash }) => [fingerprint, snapshotHash]));
  return async (fingerprints) => {
    const found = new Map<string, HostSnapshot>();
    const turns = createTurns();
    for (let at = 0; at < fingerprints.length; at += parseBatch) {
      const batch = fingerprints.slice(at, at + parseBatch);
      const stored = await store.contents.snapshotsByFingerprint(batch);
      for (const fingerprint of batch) {
        const row = stored.get(fingerprint);
        const hash = hashes.get(fingerprint) ?? '';
        const snapshot =
          row === undefined
            ? await hosts.snapshot(hash).catch(() => null)
            : parseSnapshotText(new TextDecoder().decode(row.body), row.hash);
        if (snapshot !== null) found.set(fingerprint, snapshot);
        await turns.take();
      }
    }
    return found;
  };
}
