import { importText, type ImportFormat, type ImportOptions, type ImportRefusal } from '@cpu-atlas/importer';
import { isUnknown } from '@cpu-atlas/core';
import type { HostSnapshot } from '@cpu-atlas/core';
import type { ImportedHost } from '@cpu-atlas/contract';
import { storedSnapshotOf } from '../fleet/stored-snapshot.ts';
import type { StoredSnapshot } from '../store/store.ts';

/** A host of an import, ready to be stored. Plain enough to travel between threads. */
export interface PreparedHost {
  readonly stored: StoredSnapshot;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As the snapshot tells it, or the time of the import. */
  readonly collectedAt: string;
  readonly knows: ImportedHost['knows'];
}

export interface PreparedImport {
  readonly format: ImportFormat;
  readonly hosts: readonly PreparedHost[];
  readonly notes: readonly string[];
  readonly refused: readonly ImportRefusal[];
}

/**
 * All work of an import that needs nothing but the input.
 * @throws what `importText` throws
 */
export function prepareImport(input: Uint8Array, options: ImportOptions): PreparedImport {
  const { format, snapshots, notes, refused } = importText(input, options);
  const hosts = snapshots.map((snapshot) => prepareHost(snapshot, options.labels));
  return { format, hosts, notes, refused };
}

function prepareHost(snapshot: HostSnapshot, labels: ImportOptions['labels']): PreparedHost {
  return {
    stored: storedSnapshotOf(snapshot),
    name: snapshot.host.name,
    labels: { ...snapshot.host.labels, ...labels },
    collectedAt: snapshot.collectedAt,
    knows: layersOf(snapshot),
  };
}

function layersOf({ hardware, kernel, qemu = [] }: HostSnapshot): ImportedHost['knows'] {
  const silicon = hardware === undefined || isUnknown(hardware) ? null : hardware;
  return {
    hardware: silicon === null ? 'unknown' : silicon.partial === true ? 'partial' : 'whole',
    kvm: kernel !== undefined && !isUnknown(kernel) && !isUnknown(kernel.kvm),
    qemu: qemu.length > 0,
  };
}
