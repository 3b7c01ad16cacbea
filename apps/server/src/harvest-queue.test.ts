import { setTimeout as delay } from 'node:timers/promises';
import type { BinaryIdentity, CatalogFile } from '@cpu-atlas/catalog';
import { AtlasError } from '@cpu-atlas/core';
import { describe, expect, it, vi } from 'vitest';
import { createHarvestQueue, type HarvestBinary } from './harvest-queue.ts';

const fileOf = (hash: string): CatalogFile => ({ hash, provenance: null, catalog: JSON.parse('{}') });

/** A queue over a cache in memory; `harvest` is what a binary answers. */
function queueWith(harvest: HarvestBinary | undefined, cached: Record<string, CatalogFile> = {}) {
  const kept = new Map(Object.entries(cached));
  const onHarvested = vi.fn<(path: string, file: CatalogFile) => void>();
  const onFailed = vi.fn<(path: string, error: AtlasError) => void>();
  const identities = new Map<string, BinaryIdentity>();
  const queue = createHarvestQueue({
    cache: {
      read: async ({ path }) => kept.get(path) ?? null,
      write: async ({ path }, file) => void kept.set(path, file),
      list: async () => [...kept.values()],
    },
    identify: async (path) => identities.get(path) ?? { path: path.replace('-link', ''), sizeBytes: 1, mtime: '' },
    harvest,
    onHarvested,
    onFailed,
  });
  return { queue, kept, identities, onHarvested, onFailed };
}

describe('the harvest queue', () => {
  it('takes what the cache has and harvests nothing', async () => {
    const harvest = vi.fn<HarvestBinary>();
    const { queue, onHarvested } = queueWith(harvest, { '/a': fileOf('h') });
    await queue.want('/a', 'opens');
    expect(queue.state('/a')).toEqual({ state: 'done' });
    expect(onHarvested).toHaveBeenCalledWith('/a', fileOf('h'));
    expect(harvest).not.toHaveBeenCalled();
  });

  it('harvests one binary after the other, tells how far it is, and keeps the result', async () => {
    let release = (): void => undefined;
    const harvest: HarvestBinary = async (path, { onProgress }) => {
      onProgress({ phase: 'kvm', done: 3, total: 9, what: 'pc' });
      if (path === '/a') await new Promise<void>((resolve) => (release = resolve));
      return fileOf(path);
    };
    const { queue, kept, onHarvested } = queueWith(harvest);
    await Promise.all([queue.want('/a', 'opens'), queue.want('/b', 'opens')]);
    await delay(5);
    expect(queue.state('/a')).toEqual({ state: 'running', phase: 'kvm', machinesDone: 3, machinesTotal: 9 });
    expect(queue.state('/b')).toEqual({ state: 'waiting' });
    release();
    await vi.waitFor(() => expect(queue.state('/b')).toEqual({ state: 'done' }));
    expect(onHarvested.mock.calls.map(([path]) => path)).toEqual(['/a', '/b']);
    expect(kept.size).toBe(2);
  });

  it('harvests a binary with two names once', async () => {
    const harvest = vi.fn<HarvestBinary>(async (path) => fileOf(path));
    const { queue, onHarvested } = queueWith(harvest);
    await Promise.all([queue.want('/a', 'opens'), queue.want('/a-link', 'opens')]);
    await vi.waitFor(() => expect(onHarvested).toHaveBeenCalledTimes(2));
    expect(harvest).toHaveBeenCalledTimes(1);
  });

  it('harvests again when the binary was replaced', async () => {
    const harvest = vi.fn<HarvestBinary>(async (path) => fileOf(path));
    const { queue, kept, identities } = queueWith(harvest);
    await queue.want('/a', 'opens');
    await vi.waitFor(() => expect(harvest).toHaveBeenCalledTimes(1));
    await queue.want('/a', 'opens');
    identities.set('/a', { path: '/a', sizeBytes: 2, mtime: '' });
    kept.clear();
    await queue.want('/a', 'opens');
    await vi.waitFor(() => expect(harvest).toHaveBeenCalledTimes(2));
  });

  it('tells why a harvest failed, and tries again when asked again', async () => {
    const harvest = vi.fn<HarvestBinary>(async () => {
      throw new AtlasError('QEMU_DIED', 'it ended', { remedy: 'look' });
    });
    const { queue, onFailed } = queueWith(harvest);
    await queue.want('/a', 'opens');
    await vi.waitFor(() => expect(onFailed).toHaveBeenCalledTimes(1));
    expect(queue.state('/a')).toEqual({ state: 'failed', code: 'QEMU_DIED', reason: 'it ended', remedy: 'look' });
    await queue.want('/a', 'opens');
    await vi.waitFor(() => expect(harvest).toHaveBeenCalledTimes(2));
  });

  it('says that it is off where nothing may be harvested', async () => {
    const { queue } = queueWith(undefined);
    await queue.want('/a', 'opens');
    expect(queue.state('/a').state).toBe('off');
  });

  it('ends what runs when it is closed, and starts nothing more', async () => {
    const harvest = vi.fn<HarvestBinary>(async (_, { signal }) => {
      await delay(60_000, undefined, { signal });
      return fileOf('never');
    });
    const { queue, onFailed, onHarvested } = queueWith(harvest);
    await Promise.all([queue.want('/a', 'opens'), queue.want('/b', 'opens')]);
    await vi.waitFor(() => expect(harvest).toHaveBeenCalledTimes(1));
    await queue.close();
    expect([harvest.mock.calls.length, onFailed.mock.calls.length, onHarvested.mock.calls.length]).toEqual([1, 0, 0]);
  });
});
