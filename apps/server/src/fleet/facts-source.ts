import { parseSnapshotText } from '@cpu-atlas/contract';
import { RecentMap } from '../recent-map.ts';
import type { Store } from '../store/store.ts';
import { createFactsFolder, readFacts, type SnapshotFacts } from './snapshot-facts.ts';

/**
 * Facts of stored snapshots, by hash. In memory are those of each host's last snapshot, as the index has its row, and of
 * some that came before; the others are read from the store.
 */
export interface FactsSource {
  /** Without reading. */
  peek(hash: string): SnapshotFacts | undefined;
  /** null: the store has no such snapshot. @throws STORE_FAILED */
  of(hash: string): Promise<SnapshotFacts | null>;
  /** Reads what is missing of many, a few at a time, so that others get a turn. @throws STORE_FAILED */
  readAll(hashes: readonly string[]): Promise<void>;
  keep(hash: string, facts: SnapshotFacts): void;
}

/** Facts of snapshots that a host no longer looks like, some 500 bytes each. */
const keptPastFacts = 4_096;
/** Look-ups of derived facts in one query. */
const batchSize = 200;
/** Goes up when the shape of the facts, or how they are read, changes. */
const factsForm = 'host-facts/1/';

export function createFactsSource({ contents }: Pick<Store, 'contents'>): FactsSource {
  const kept = new Map<string, SnapshotFacts>();
  const lastHashOf = new Map<string, string>();
  const past = new RecentMap<string, SnapshotFacts>(keptPastFacts);
  const fold = createFactsFolder();
  const keep = (hash: string, facts: SnapshotFacts): SnapshotFacts => {
    const folded = fold(facts);
    const before = lastHashOf.get(facts.hostId);
    if (before !== undefined && before !== hash) {
      const displaced = kept.get(before);
      kept.delete(before);
      if (displaced !== undefined) past.set(before, displaced);
    }
    lastHashOf.set(facts.hostId, hash);
    kept.set(hash, folded);
    return folded;
  };
  const peek = (hash: string): SnapshotFacts | undefined => kept.get(hash) ?? past.get(hash);

  const of = async (hash: string): Promise<SnapshotFacts | null> => {
    const here = peek(hash);
    if (here !== undefined) return here;
    const stored = await contents.snapshot(hash);
    if (stored === null) return null;
    const snapshot = parseSnapshotText(new TextDecoder().decode(stored.body), hash);
    return keep(hash, readFacts(snapshot, stored.fingerprint));
  };

  const readBatch = async (hashes: readonly string[]): Promise<void> => {
    const derived = await contents.derived(hashes.map((hash) => factsForm + hash));
    const computed = new Map<string, Uint8Array>();
    for (const hash of hashes) {
      const text = derived.get(factsForm + hash);
      if (text !== undefined) {
        // Written by this code under a key that names its form.
        keep(hash, JSON.parse(new TextDecoder().decode(text)) as SnapshotFacts);
        continue;
      }
      const facts = await of(hash);
      if (facts !== null) computed.set(factsForm + hash, new TextEncoder().encode(JSON.stringify(facts)));
    }
    if (computed.size > 0) await contents.putDerived(computed);
  };

  return {
    peek,
    of,
    async readAll(hashes) {
      const missing = [...new Set(hashes)].filter((hash) => peek(hash) === undefined);
      for (let at = 0; at < missing.length; at += batchSize) await readBatch(missing.slice(at, at + batchSize));
    },
    keep: (hash, facts) => void keep(hash, facts),
  };
}
