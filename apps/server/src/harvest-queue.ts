import { setTimeout as delay } from 'node:timers/promises';
import { AtlasError } from '@cpu-atlas/core';
import type { BinaryIdentity, CatalogFile, HarvestProgress } from '@cpu-atlas/catalog';
import type { HarvestState } from '@cpu-atlas/contract';
import type { HarvestCache } from './harvest-cache.ts';

/** Asks one binary everything; `onProgress` counts machine types. */
export type HarvestBinary = (
  path: string,
  control: { readonly signal: AbortSignal; readonly onProgress: (progress: HarvestProgress) => void },
) => Promise<CatalogFile>;

export interface HarvestQueueOptions {
  readonly cache: HarvestCache;
  readonly identify: (path: string) => Promise<BinaryIdentity>;
  /** Absent: nothing is harvested, only the cache is read. */
  readonly harvest: HarvestBinary | undefined;
  readonly onHarvested: (path: string, file: CatalogFile) => void;
  readonly onFailed: (path: string, error: AtlasError) => void;
}

/** Harvests binaries one after the other in the background, and tells how far each is. */
export interface HarvestQueue {
  state(path: string): HarvestState;
  /** Reads the cache; where it has nothing, puts the binary at the end of the queue. Resolves after the look-up. */
  want(path: string, kvm: 'opens' | 'closed'): Promise<void>;
  /** Ends what runs, and waits a moment for its end; the QEMUs of a harvest never outlive this process anyway. */
  close(): Promise<void>;
}

const closeLimitMs = 1_000;

const off: HarvestState = { state: 'off', reason: 'harvesting is switched off on this server' };

export function createHarvestQueue(options: HarvestQueueOptions): HarvestQueue {
  const states = new Map<string, HarvestState>();
  /** Identity under which a binary was last looked at: an upgrade in place is harvested anew. */
  const seen = new Map<string, string>();
  const abort = new AbortController();
  let tail: Promise<void> = Promise.resolve();

  const finish = (path: string, file: CatalogFile): void => {
    states.set(path, { state: 'done' });
    options.onHarvested(path, file);
  };

  const run = async (path: string, kvm: 'opens' | 'closed', harvest: HarvestBinary): Promise<void> => {
    if (abort.signal.aborted) return;
    states.set(path, { state: 'running', phase: 'discover', machinesDone: 0, machinesTotal: null });
    const onProgress = ({ phase, done, total }: HarvestProgress): void => {
      const counts =
        phase === 'discover' ? { machinesDone: 0, machinesTotal: null } : { machinesDone: done, machinesTotal: total };
      states.set(path, { state: 'running', phase, ...counts });
    };
    const identity = await options.identify(path);
    // Two paths may lead to one binary.
    const cached = await options.cache.read(identity, kvm);
    const file = cached ?? (await harvest(path, { signal: abort.signal, onProgress }));
    finish(path, file);
    if (cached === null) await options.cache.write(identity, file);
  };

  const enqueue = (path: string, kvm: 'opens' | 'closed'): void => {
    const { harvest } = options;
    if (harvest === undefined) {
      states.set(path, off);
      return;
    }
    states.set(path, { state: 'waiting' });
    tail = tail.then(async () => {
      try {
        await run(path, kvm, harvest);
      } catch (cause) {
        if (abort.signal.aborted) return;
        const error = asAtlasError(cause, path);
        // A catalog that was harvested but could not be kept still answers.
        if (error.code !== 'STORE_FAILED') states.set(path, failedState(error));
        options.onFailed(path, error);
      }
    });
  };

  return {
    state: (path) => states.get(path) ?? { state: 'waiting' },
    async want(path, kvm) {
      const identity = await options.identify(path);
      const key = JSON.stringify([identity, kvm]);
      if (seen.get(path) === key && states.get(path)?.state !== 'failed') return;
      seen.set(path, key);
      const cached = await options.cache.read(identity, kvm);
      if (cached === null) enqueue(path, kvm);
      else finish(path, cached);
    },
    async close() {
      abort.abort();
      await Promise.race([tail, delay(closeLimitMs, undefined, { ref: false })]);
    },
  };
}

function failedState(error: AtlasError): HarvestState {
  return {
    state: 'failed',
    code: error.code,
    reason: error.message,
    remedy: error.remedy ?? 'harvest it by hand to see why',
  };
}

function asAtlasError(cause: unknown, where: string): AtlasError {
  if (cause instanceof AtlasError) return cause;
  return new AtlasError('INTERNAL', `the harvest failed: ${String(cause)}`, { where, cause });
}
