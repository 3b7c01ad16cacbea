import { AtlasError } from '@cpu-atlas/core';
import type { Heartbeat, HeartbeatAnswer } from '@cpu-atlas/contract';
import { parseCatalog, parseJsonText } from '@cpu-atlas/contract';
import { catalogHash } from '@cpu-atlas/catalog';
import type { CatalogLibrary } from '../catalog-library.ts';
import { gathered } from '../gathered.ts';
import type { Store } from '../store/store.ts';
import type { HostCommands } from './commands.ts';
import type { ContactRecorder } from './contact-recorder.ts';
import type { FactsSource } from './facts-source.ts';
import { gapAfterMs, type FreshnessPolicy } from './freshness.ts';
import type { HostIndex } from './host-index.ts';
import type { SnapshotFacts } from './snapshot-facts.ts';
import type { SnapshotReader } from './snapshot-reader.ts';
import { newSnapshotOf, requireHash, type SentSnapshot } from './snapshot-reading.ts';

/** A host that changed can wait a moment; hundreds of them ask together. */
const gatherMs = 8;

/** What agents send: content, once for each hash, and heartbeats. Whatever resolves is stored. */
export interface Intake {
  /**
   * A snapshot under its hash. `claim` is asked whether the sender may write for its host.
   * @throws SNAPSHOT_INVALID, CONTENT_MISMATCH, STORE_FAILED, STORE_BUSY and what `claim` throws
   */
  takeSnapshot(sent: SentSnapshot, claim: (hostId: string) => Promise<void>): Promise<void>;
  /**
   * A catalog under its hash. `hostId`: the host whose agent sends it, which must run that QEMU; null: an operator.
   * @throws CATALOG_INVALID, CONTENT_MISMATCH, CONTENT_UNWANTED, STORE_FAILED
   */
  takeCatalog(hash: string, text: string, hostId: string | null): Promise<void>;
  /**
   * @throws ACCESS_DENIED for the snapshot of another host, CONTENT_UNWANTED for the host of the hub, STORE_FAILED,
   * STORE_BUSY
   */
  takeHeartbeat(hostId: string, heartbeat: Heartbeat): Promise<HeartbeatAnswer>;
}

export interface IntakeParts {
  readonly store: Store;
  readonly index: HostIndex;
  readonly facts: FactsSource;
  readonly reader: SnapshotReader;
  readonly contacts: ContactRecorder;
  readonly library: CatalogLibrary;
  readonly commands: HostCommands;
  readonly policy: FreshnessPolicy;
  /** Whether that is the host on which the hub runs: it tells about itself. */
  readonly isOwn: (hostId: string) => boolean;
  /** Lists what the store has, so that nothing is wanted twice. */
  readonly readAllCatalogs: () => Promise<void>;
}

export function createIntake(parts: IntakeParts): Intake {
  const { store, index, facts, contacts, library, commands, reader, policy } = parts;

  const isStored = gathered(async (hashes: readonly string[]) => {
    const stored = await store.contents.knownSnapshots(hashes);
    return new Map([...stored].map((hash) => [hash, true]));
  }, gatherMs);
  /** Of a snapshot that is or was stored; null: it is not. What is remembered, `contacts` finds out. */
  const factsOf = async (hostId: string, hash: string): Promise<SnapshotFacts | null> => {
    const isCurrent = index.get(hostId)?.row.snapshotHash === hash;
    if (isCurrent || facts.peek(hash) !== undefined) return facts.of(hash);
    return (await isStored(hash)) === undefined ? null : facts.of(hash);
  };
  /** False: the snapshot was stored once, and retention has forgotten it. */
  const recordContact = async (...contact: Parameters<ContactRecorder['record']>): Promise<boolean> => {
    try {
      await contacts.record(...contact);
      return true;
    } catch (error) {
      if (error instanceof AtlasError && error.code === 'SNAPSHOT_NOT_FOUND') return false;
      throw error;
    }
  };

  return {
    async takeSnapshot(sent, claim) {
      const read = await reader.read(sent);
      await claim(read.facts.hostId);
      await store.contents.putSnapshots([newSnapshotOf(sent, read)]);
      facts.keep(sent.hash, read.facts);
    },
    async takeCatalog(hash, text, hostId) {
      if (hostId !== null) await requireNamed(parts, hostId, hash);
      const catalog = parseCatalog(parseJsonText(text, { code: 'CATALOG_INVALID', source: 'body' }), 'body');
      requireHash(hash, catalogHash(catalog));
      const { version, package: name } = catalog.qemu;
      await store.contents.putCatalog({ hash, version, package: name, body: new TextEncoder().encode(text) });
      library.addStored([{ hash, version, package: name }]);
    },
    async takeHeartbeat(hostId, { snapshot, snapshotAgeMs, agentVersion, takesCommands, run, harvests }) {
      if (parts.isOwn(hostId)) throw ownHost(hostId);
      await index.open();
      const { heartbeatMs } = policy;
      const unknown = { isRecorded: false, wanted: { snapshot, catalogs: [] }, heartbeatMs, commands: [] };
      const known = await factsOf(hostId, snapshot);
      if (known === null) return unknown;
      if (known.hostId !== hostId) throw foreignSnapshot(hostId);
      const seenAtMs = store.nowMs();
      const hasRecorded = await recordContact(
        {
          hostId,
          name: known.name,
          labels: known.labels,
          source: 'agent',
          snapshotHash: snapshot,
          fingerprint: known.fingerprint,
          collectedAtMs: Math.round(seenAtMs - snapshotAgeMs),
          seenAtMs,
          gapAfterMs: gapAfterMs(policy),
          agentVersion,
          takesCommands,
        },
        { takesCommands, harvests: new Map(harvests.map(({ path, harvest }) => [path, harvest])) },
      );
      if (!hasRecorded) return unknown;
      return {
        isRecorded: true,
        wanted: { snapshot: null, catalogs: await missingCatalogs(parts, known) },
        heartbeatMs,
        commands: takesCommands ? [...(await commands.handOut({ hostId, run }))] : [],
      };
    },
  };
}

/** Catalogs that the host's snapshot names and nobody has sent yet. */
async function missingCatalogs({ library, readAllCatalogs }: IntakeParts, { qemu }: SnapshotFacts): Promise<string[]> {
  const named = qemu.flatMap(({ catalog }) => catalog ?? []);
  if (named.every((hash) => library.has(hash))) return [];
  await readAllCatalogs();
  return [...new Set(named)].filter((hash) => !library.has(hash));
}

/** An agent fills the store only with catalogs of QEMUs that its host is known to have. */
async function requireNamed({ index, facts }: IntakeParts, hostId: string, hash: string): Promise<void> {
  await index.open();
  if (index.get(hostId) === undefined) await index.refresh([hostId]);
  const row = index.get(hostId)?.row;
  const known = row === undefined ? null : await facts.of(row.snapshotHash);
  if (known?.qemu.some(({ catalog }) => catalog === hash) === true) return;
  throw new AtlasError('CONTENT_UNWANTED', 'no QEMU of this host is known to have that catalog', {
    where: hash,
    remedy: 'send the snapshot and a heartbeat first',
  });
}

function ownHost(hostId: string): AtlasError {
  return new AtlasError('CONTENT_UNWANTED', 'the hub runs on that host and tells about it itself', {
    where: `host ${hostId.slice(0, 100)}`,
    remedy: 'run no agent on the host of the hub; if it is another machine, give it a machine-id of its own',
  });
}

function foreignSnapshot(hostId: string): AtlasError {
  return new AtlasError('ACCESS_DENIED', 'the snapshot is of another host', {
    where: `host ${hostId.slice(0, 100)}`,
    remedy: 'send the snapshot of this host',
  });
}
