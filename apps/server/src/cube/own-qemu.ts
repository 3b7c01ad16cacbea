import type { HostSnapshot, QemuBinary } from '@cpu-atlas/core';
import type { Store } from '../store/store.ts';
import type { RepresentativeSource } from './sheet-source.ts';

/** The QEMU by which hosts of a fingerprint answer; null: they have none. */
export type OwnQemu = Pick<QemuBinary, 'path' | 'version' | 'package' | 'catalog'> | null;

/** Which QEMU the hosts of each fingerprint run: part of what the fingerprint tells. */
export interface OwnQemuSource {
  /** @throws STORE_FAILED */
  read(fingerprints: readonly string[], representatives: RepresentativeSource): Promise<ReadonlyMap<string, OwnQemu>>;
}

/** Goes up when the shape of what is kept changes. */
const form = 'own-qemu/1/';
/** Some 200 bytes each. */
const keptFingerprints = 16_384;

export function createOwnQemuSource({ contents }: Pick<Store, 'contents'>): OwnQemuSource {
  const kept = new Map<string, OwnQemu>();
  return {
    async read(fingerprints, representatives) {
      if (kept.size > keptFingerprints) kept.clear();
      const missing = fingerprints.filter((fingerprint) => !kept.has(fingerprint));
      const stored = await contents.derived(missing.map((fingerprint) => form + fingerprint));
      const computed = new Map<string, Uint8Array>();
      const open = missing.filter((fingerprint) => !stored.has(form + fingerprint));
      // Written by this code under a key that names its form.
      for (const [key, bytes] of stored)
        kept.set(key.slice(form.length), JSON.parse(new TextDecoder().decode(bytes)) as OwnQemu);
      for (const [fingerprint, host] of open.length === 0 ? [] : await representatives(open)) {
        const own = ownQemuOf(host);
        kept.set(fingerprint, own);
        computed.set(form + fingerprint, new TextEncoder().encode(JSON.stringify(own)));
      }
      if (computed.size > 0) await contents.putDerived(computed);
      return new Map(
        fingerprints.flatMap((fingerprint) => {
          const own = kept.get(fingerprint);
          return own === undefined ? [] : [[fingerprint, own] as const];
        }),
      );
    },
  };
}

function ownQemuOf({ qemu }: HostSnapshot): OwnQemu {
  const first = qemu?.[0];
  if (first === undefined) return null;
  const { path, version, package: name, catalog } = first;
  return {
    path,
    version,
    ...(name === undefined ? {} : { package: name }),
    ...(catalog === undefined ? {} : { catalog }),
  };
}
