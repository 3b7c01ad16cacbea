/** CPUs that share a cache have all but the lowest bits of the APIC id in common: the bits below this level. */
export type ShareLevel = 'thread' | 'core' | 'module' | 'die' | 'socket';

/** One cache as QEMU describes it to a guest. Its size is the product of line, ways, partitions and sets. */
export interface CacheDescription {
  readonly type: 'data' | 'instruction' | 'unified';
  readonly level: number;
  readonly lineBytes: number;
  readonly ways: number;
  readonly partitions: number;
  readonly sets: number;
  /** Of AMD's leaves 80000005H and 80000006H. */
  readonly linesPerTag: number;
  readonly isSelfInitializing: boolean;
  readonly isNotInvalidated: boolean;
  readonly isInclusive: boolean;
  readonly isComplexIndexed: boolean;
  /** Releases before 9.1 know no such thing: there the level of the cache decides. */
  readonly share: ShareLevel;
}

/** The four caches of a CPU. */
export interface CacheSet {
  readonly l1d: CacheDescription;
  readonly l1i: CacheDescription;
  readonly l2: CacheDescription;
  readonly l3: CacheDescription;
}

export const cacheNames = ['l1d', 'l1i', 'l2', 'l3'] as const;
export type CacheName = (typeof cacheNames)[number];

/** Caches that models have of their own, by versioned name. */
export type ModelCaches = ReadonlyMap<string, CacheSet>;

/** Size in bytes. */
export function cacheSize({ lineBytes, ways, partitions, sets }: CacheDescription): number {
  return lineBytes * ways * partitions * sets;
}

const plain = {
  lineBytes: 64,
  partitions: 1,
  linesPerTag: 0,
  isSelfInitializing: true,
  isNotInvalidated: true,
  isInclusive: false,
  isComplexIndexed: false,
  share: 'core',
} as const;

const intelL1 = { ...plain, level: 1, ways: 8, sets: 64 };
const amdL1 = { ...plain, level: 1, ways: 2, sets: 512, linesPerTag: 1 };

const sharedL3: CacheDescription = {
  ...plain,
  type: 'unified',
  level: 3,
  ways: 16,
  sets: 16_384,
  linesPerTag: 1,
  isNotInvalidated: false,
  isInclusive: true,
  isComplexIndexed: true,
  share: 'die',
};

/**
 * The caches of all models that have none of their own. They are three sets that do not agree: one for Intel's leaf 4, one
 * for leaf 2, one for AMD's leaves.
 * Source: QEMU 7.2, 10.0, 10.2 and 11.1, guests with `-cpu qemu64` of either vendor
 */
export const legacyCaches = {
  intel: {
    l1d: { ...intelL1, type: 'data' },
    l1i: { ...intelL1, type: 'instruction' },
    l2: { ...plain, type: 'unified', level: 2, ways: 16, sets: 4096 },
    l3: sharedL3,
  },
  leaf2: {
    l1d: { ...intelL1, type: 'data' },
    l1i: { ...intelL1, type: 'instruction' },
    l2: { ...plain, type: 'unified', level: 2, ways: 8, sets: 4096 },
    l3: sharedL3,
  },
  amd: {
    l1d: { ...amdL1, type: 'data' },
    l1i: { ...amdL1, type: 'instruction' },
    l2: {
      ...plain,
      type: 'unified',
      level: 2,
      ways: 16,
      sets: 512,
      linesPerTag: 1,
      isSelfInitializing: false,
      isNotInvalidated: false,
    },
    l3: sharedL3,
  },
} as const satisfies Record<string, CacheSet>;
