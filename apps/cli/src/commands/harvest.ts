import { join } from 'node:path';
import { harvestCatalog, identifyBinary, saveCatalogFile } from '@cpu-atlas/catalog';
import type { HarvestCache } from '@cpu-atlas/server/library';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { startProgress } from '../output/progress.ts';
import { formatTable } from '../output/table.ts';
import { write, type Terminal } from '../output/terminal.ts';

export interface HarvestOptions {
  readonly terminal: Terminal;
  readonly qemu: string;
  /** Folder for `catalog.json`; undefined: the cache, from which this binary is answered for from now on. */
  readonly out: string | undefined;
  readonly usesKvm: boolean;
  readonly cache: HarvestCache;
  readonly signal: AbortSignal;
  readonly format: 'table' | 'json';
}

/** Asks a QEMU binary everything that decides about CPUs and writes its catalog. */
export async function harvest({
  terminal,
  qemu,
  out,
  cache,
  signal,
  format,
  usesKvm,
}: HarvestOptions): Promise<ExitCode> {
  const identity = await identifyBinary(qemu);
  const progress = startProgress(terminal, Date.now);
  const file = await harvestCatalog(qemu, {
    now: new Date().toISOString(),
    signal,
    kvm: usesKvm ? 'auto' : 'off',
    onProgress: ({ phase, done, total, what }) =>
      progress.update(`harvesting ${qemu}: ${phase} ${done}/${total} ${what}`),
  }).finally(() => progress.end());
  const path = out === undefined ? undefined : join(out, 'catalog.json');
  if (path === undefined) await cache.write(identity, file);
  else await saveCatalogFile(path, file);
  const { catalog, hash } = file;
  const facts = {
    hash,
    version: catalog.qemu.version,
    package: catalog.qemu.package,
    machineTypes: catalog.machines.length,
    models: catalog.models.length,
    accelerators: [...(catalog.tcg === undefined ? [] : ['tcg']), ...(catalog.kvm === undefined ? [] : ['kvm'])],
    notSeen: catalog.notSeen,
    path: path ?? null,
  };
  await write(terminal.out, format === 'json' ? `${JSON.stringify(facts)}\n` : formatFacts(facts));
  return exitCodes.yes;
}

function formatFacts(facts: Readonly<Record<string, string | number | null | readonly string[]>>): string {
  return formatTable(
    Object.entries(facts).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : String(value ?? 'kept in the cache'),
    ]),
  );
}
