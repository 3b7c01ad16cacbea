import { cacheSize, type CacheDescription } from './caches.ts';

const types = { d: 'data', i: 'instruction', u: 'unified' } as const;

/** `code type level size(KiB) ways line`, one a word. */
type Row = readonly [
  code: number,
  type: keyof typeof types,
  level: number,
  sizeKiB: number,
  ways: number,
  line: number,
];

/**
 * Descriptors of leaf 2 that stand for one plain cache. Those of TLBs, prefetchers and sectored caches are not here, as
 * QEMU never uses them.
 * Source: Intel SDM vol. 2A, CPUID, leaf 02H, encoding of descriptors
 */
const descriptors: readonly Row[] = [
  [0x06, 'i', 1, 8, 4, 32],
  [0x08, 'i', 1, 16, 4, 32],
  [0x09, 'i', 1, 32, 4, 64],
  [0x0a, 'd', 1, 8, 2, 32],
  [0x0c, 'd', 1, 16, 4, 32],
  [0x0d, 'd', 1, 16, 4, 64],
  [0x0e, 'd', 1, 24, 6, 64],
  [0x1d, 'u', 2, 128, 2, 64],
  [0x21, 'u', 2, 256, 8, 64],
  [0x24, 'u', 2, 1024, 16, 64],
  [0x2c, 'd', 1, 32, 8, 64],
  [0x30, 'i', 1, 32, 8, 64],
  [0x41, 'u', 2, 128, 4, 32],
  [0x42, 'u', 2, 256, 4, 32],
  [0x43, 'u', 2, 512, 4, 32],
  [0x44, 'u', 2, 1024, 4, 32],
  [0x45, 'u', 2, 2048, 4, 32],
  [0x46, 'u', 3, 4096, 4, 64],
  [0x47, 'u', 3, 8192, 8, 64],
  [0x48, 'u', 2, 3072, 12, 64],
  [0x49, 'u', 2, 4096, 16, 64],
  [0x4a, 'u', 3, 6144, 12, 64],
  [0x4b, 'u', 3, 8192, 16, 64],
  [0x4c, 'u', 3, 12_288, 12, 64],
  [0x4d, 'u', 3, 16_384, 16, 64],
  [0x4e, 'u', 2, 6144, 24, 64],
  [0x60, 'd', 1, 16, 8, 64],
  [0x66, 'd', 1, 8, 4, 64],
  [0x67, 'd', 1, 16, 4, 64],
  [0x68, 'd', 1, 32, 4, 64],
  [0x78, 'u', 2, 1024, 4, 64],
  [0x7d, 'u', 2, 2048, 8, 64],
  [0x7f, 'u', 2, 512, 2, 64],
  [0x80, 'u', 2, 512, 8, 64],
  [0x82, 'u', 2, 256, 8, 32],
  [0x83, 'u', 2, 512, 8, 32],
  [0x84, 'u', 2, 1024, 8, 32],
  [0x85, 'u', 2, 2048, 8, 32],
  [0x86, 'u', 2, 512, 4, 64],
  [0x87, 'u', 2, 1024, 8, 64],
  [0xd0, 'u', 3, 512, 4, 64],
  [0xd1, 'u', 3, 1024, 4, 64],
  [0xd2, 'u', 3, 2048, 4, 64],
  [0xd6, 'u', 3, 1024, 8, 64],
  [0xd7, 'u', 3, 2048, 8, 64],
  [0xd8, 'u', 3, 4096, 8, 64],
  [0xdc, 'u', 3, 1536, 12, 64],
  [0xdd, 'u', 3, 3072, 12, 64],
  [0xde, 'u', 3, 6144, 12, 64],
  [0xe2, 'u', 3, 2048, 16, 64],
  [0xe3, 'u', 3, 4096, 16, 64],
  [0xe4, 'u', 3, 8192, 16, 64],
  [0xea, 'u', 3, 12_288, 24, 64],
  [0xeb, 'u', 3, 18_432, 24, 64],
  [0xec, 'u', 3, 24_576, 24, 64],
];

/** "Look at leaf 4 instead." */
export const noDescriptor = 0xff;

/** The one whose meaning depends on the model, which QEMU leaves out in older releases. */
const ambiguous = 0x49;

/** What a descriptor of leaf 2 stands for; null: not a plain cache. */
export function describeDescriptor(
  code: number,
): (Pick<CacheDescription, 'type' | 'level' | 'ways' | 'lineBytes'> & { readonly sizeBytes: number }) | null {
  const row = descriptors.find(([known]) => known === code);
  if (!row) return null;
  const [, type, level, sizeKiB, ways, lineBytes] = row;
  return { type: types[type], level, ways, lineBytes, sizeBytes: sizeKiB * 1024 };
}

/** The descriptor of a cache; {@link noDescriptor} where there is none. */
export function descriptorOf(cache: CacheDescription, knowsAmbiguous: boolean): number {
  const sizeKiB = cacheSize(cache) / 1024;
  const row = descriptors.find(
    ([code, type, level, size, ways, line]) =>
      (knowsAmbiguous || code !== ambiguous) &&
      types[type] === cache.type &&
      level === cache.level &&
      size === sizeKiB &&
      ways === cache.ways &&
      line === cache.lineBytes,
  );
  return row === undefined ? noDescriptor : row[0];
}
