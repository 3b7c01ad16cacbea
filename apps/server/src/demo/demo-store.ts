import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type OpenStoreOptions } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';

export interface DemoStoreOptions extends OpenStoreOptions {
  /** Where its folder is made; left out: where the system keeps temporary files. */
  readonly directory?: string | undefined;
}

/**
 * A store for one run of the demo, so that it never mixes with a real fleet: a file that is made at the start and goes at
 * the end.
 * @throws STORE_FAILED
 */
export async function openDemoStore(options: DemoStoreOptions = {}): Promise<Store> {
  const folder = await mkdtemp(join(options.directory ?? tmpdir(), 'cpu-atlas-demo-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const store = await openStore(`file:${join(folder, 'atlas.db')}`, options).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return {
    ...store,
    close: async () => {
      await store.close();
      await remove();
    },
  };
}
