import { harvestCatalog, identifyBinary, type CatalogFile } from '@cpu-atlas/catalog';
import { createContext, indexCatalog, isUnknown, type HostSnapshot, type ResolveContext } from '@cpu-atlas/core';
import { collectSnapshot } from '@cpu-atlas/prober';
import type { HarvestCache } from '@cpu-atlas/server/library';
import type { Answerer } from '../answerer.ts';
import { startProgress } from '../output/progress.ts';
import type { Terminal } from '../output/terminal.ts';

export interface BinaryContextOptions {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Path or name of the binary. */
  readonly qemu: string;
  /** Another catalog than the binary's own. */
  readonly catalog: string | undefined;
  readonly cache: HarvestCache;
  readonly answerer: Answerer;
}

/**
 * A QEMU binary on this host, ready to resolve for: its catalog comes from the cache or is harvested now.
 * @throws QEMU_NOT_FOUND, and what harvesting and reading catalogs throw
 */
export async function contextOfBinary(
  options: BinaryContextOptions,
): Promise<{ readonly binary: string; readonly context: ResolveContext }> {
  const { path } = await identifyBinary(options.qemu);
  if (options.catalog !== undefined) {
    const { context } = await options.answerer.prepare({ snapshot: 'self', catalog: options.catalog });
    return { binary: path, context };
  }
  const snapshot = await collectSnapshot({ qemu: false });
  const { catalog } = await ownCatalog(path, snapshot, options);
  return { binary: path, context: createContext(indexCatalog(catalog), snapshot) };
}

async function ownCatalog(
  path: string,
  { kernel }: HostSnapshot,
  { cache, terminal, signal }: BinaryContextOptions,
): Promise<Pick<CatalogFile, 'catalog'>> {
  const identity = await identifyBinary(path);
  const hasKvm = kernel !== undefined && !isUnknown(kernel) && !isUnknown(kernel.kvm);
  const cached = await cache.read(identity, hasKvm ? 'opens' : 'closed');
  if (cached !== null) return cached;
  const progress = startProgress(terminal, Date.now);
  const file = await harvestCatalog(path, {
    now: new Date().toISOString(),
    signal,
    onProgress: ({ phase, done, total, what }) =>
      progress.update(`harvesting ${path}: ${phase} ${done}/${total} ${what}`),
  }).finally(() => progress.end());
  // Where it cannot be kept it is harvested again the next time; this run has it.
  await cache.write(identity, file).catch((error: unknown) => terminal.err.write(`${String(error)}\n`));
  return file;
}
