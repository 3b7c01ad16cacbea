import { AtlasError } from '@cpu-atlas/core';
import type { HostSnapshot, QemuBinary } from '@cpu-atlas/core';
import type { HarvestState, QemuSummary } from '@cpu-atlas/contract';
import type { CatalogEntry, CatalogLibrary, CatalogUse } from '../catalog-library.ts';
import type { BinaryFacts } from './snapshot-facts.ts';

/**
 * The catalog for one of a host's binaries (its first when `path` is undefined): its own if the library has it, else the
 * nearest, which is said.
 * @throws QEMU_NOT_FOUND when a path is asked for that the host does not have; CATALOG_NOT_FOUND when there is none at all
 */
export function catalogOfHost(
  library: CatalogLibrary,
  snapshot: HostSnapshot,
  path?: string,
): CatalogUse<CatalogEntry> {
  const binary = findBinary(snapshot, path);
  const use = binary === null ? null : catalogOfBinary(library, binary);
  return use ?? library.newest(snapshot.host.name);
}

/** What a list of hosts shows of a binary. */
export function summariseBinary(library: CatalogLibrary, binary: BinaryFacts, harvest: HarvestState): QemuSummary {
  const use = catalogOfBinary(library, { ...binary, catalog: binary.catalog ?? undefined });
  return {
    path: binary.path,
    version: binary.version,
    package: binary.package,
    catalog: use?.used.hash ?? null,
    catalogVersion: use?.used.version ?? null,
    catalogMatch: use?.used.match ?? 'none',
    harvest,
  };
}

function catalogOfBinary(
  library: CatalogLibrary,
  binary: Pick<BinaryFacts, 'path' | 'version'> & {
    readonly package?: string | null | undefined;
    readonly catalog?: string | undefined;
  },
): CatalogUse<CatalogEntry> | null {
  return binary.catalog !== undefined && library.has(binary.catalog)
    ? library.exact(binary.catalog)
    : library.nearest(binary);
}

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
