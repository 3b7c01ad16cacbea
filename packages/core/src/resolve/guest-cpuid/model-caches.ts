import { legacyCaches, type CacheDescription, type CacheSet, type ModelCaches, type ShareLevel } from './caches.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

interface Shape {
  readonly sizeBytes: number;
  readonly ways: number;
  /** Default 64. */
  readonly lineBytes?: number;
  readonly linesPerTag?: 0 | 1;
  readonly isInclusive?: boolean;
  readonly isNotInvalidated?: boolean;
  readonly isComplexIndexed?: boolean;
  readonly isSelfInitializing?: boolean;
  readonly share?: ShareLevel;
}

function cache(type: CacheDescription['type'], level: number, shape: Shape): CacheDescription {
  const { sizeBytes, ways, lineBytes = 64 } = shape;
  return {
    type,
    level,
    lineBytes,
    ways,
    partitions: 1,
    sets: sizeBytes / (lineBytes * ways),
    linesPerTag: shape.linesPerTag ?? 0,
    isSelfInitializing: shape.isSelfInitializing ?? true,
    isNotInvalidated: shape.isNotInvalidated ?? false,
    isInclusive: shape.isInclusive ?? false,
    isComplexIndexed: shape.isComplexIndexed ?? false,
    share: shape.share ?? 'core',
  };
}

interface Sizes {
  readonly l1d?: Partial<Shape>;
  readonly l1i?: Partial<Shape>;
  readonly l2: number;
  readonly l2Ways?: number;
  readonly l3: number;
}

const l1 = { sizeBytes: 32 * KiB, ways: 8 };

/** The first descriptions of EPYC: L1 as if writing back did not reach the levels below, L2 not self-initializing. */
function earlyEpyc({ l1d, l1i, l2, l2Ways = 8, l3 }: Sizes, isComplexIndexed: boolean): CacheSet {
  const flags = { linesPerTag: 1, isNotInvalidated: true } as const;
  return {
    l1d: cache('data', 1, { ...l1, ...flags, ...l1d }),
    l1i: cache('instruction', 1, { ...l1, ...flags, ...l1i }),
    l2: cache('unified', 2, { sizeBytes: l2, ways: l2Ways, linesPerTag: 1, isSelfInitializing: false }),
    l3: cache('unified', 3, {
      sizeBytes: l3,
      ways: 16,
      linesPerTag: 1,
      isInclusive: true,
      isComplexIndexed,
      share: 'die',
    }),
  };
}

/** The corrected ones: an inclusive L2 and a victim L3. */
function laterEpyc({ l1d, l1i, l2, l2Ways = 8, l3 }: Sizes): CacheSet {
  return {
    l1d: cache('data', 1, { ...l1, linesPerTag: 1, ...l1d }),
    l1i: cache('instruction', 1, { ...l1, linesPerTag: 1, ...l1i }),
    l2: cache('unified', 2, { sizeBytes: l2, ways: l2Ways, linesPerTag: 1, isInclusive: true }),
    l3: cache('unified', 3, { sizeBytes: l3, ways: 16, linesPerTag: 1, isNotInvalidated: true, share: 'die' }),
  };
}

interface XeonSizes {
  readonly l1d: Shape;
  readonly l1i: Shape;
  readonly l2: Shape;
  readonly l3: Shape;
}

function xeon({ l1d, l1i, l2, l3 }: XeonSizes): CacheSet {
  return {
    l1d: cache('data', 1, l1d),
    l1i: cache('instruction', 1, l1i),
    l2: cache('unified', 2, l2),
    l3: cache('unified', 3, { ...l3, isComplexIndexed: true, share: 'socket' }),
  };
}

const zen1 = { l1i: { sizeBytes: 64 * KiB, ways: 4 }, l2: 512 * KiB, l3: 8 * MiB };
const rome = { l2: 512 * KiB, l3: 16 * MiB };
const milan = { l2: 512 * KiB, l3: 32 * MiB };
const genoa = { l2: MiB, l3: 32 * MiB };
const turin = { l1d: { sizeBytes: 48 * KiB, ways: 12 }, l2: MiB, l2Ways: 16, l3: 32 * MiB };
const bigL1d = { sizeBytes: 48 * KiB, ways: 12 };
const moduleL2 = { sizeBytes: 4 * MiB, ways: 16, share: 'module' } as const;
const atomL1i = { sizeBytes: 64 * KiB, ways: 8 };

interface Family {
  /** The last version that was seen. */
  readonly upTo: number;
  /** Descriptions, each from that version on. */
  readonly from: readonly (readonly [version: number, caches: CacheSet])[];
}

/**
 * Caches of models, by family and version. A version keeps those of the version before unless it brings its own. No
 * release changed them under a version that was there.
 * Source: QEMU 7.2.22, 10.0.13 and 11.1.3, CPUID of a guest of every model that has any; checked there by a test
 */
const families: Readonly<Record<string, Family>> = {
  EPYC: {
    upTo: 5,
    from: [
      [1, earlyEpyc(zen1, true)],
      [4, earlyEpyc(zen1, false)],
      [5, laterEpyc(zen1)],
    ],
  },
  Dhyana: { upTo: 2, from: [[1, earlyEpyc(zen1, true)]] },
  'EPYC-Rome': {
    upTo: 5,
    from: [
      [1, earlyEpyc(rome, true)],
      [3, earlyEpyc(rome, false)],
      [5, laterEpyc(rome)],
    ],
  },
  'EPYC-Milan': {
    upTo: 4,
    from: [
      [1, earlyEpyc(milan, true)],
      [2, earlyEpyc(milan, false)],
      [3, laterEpyc(milan)],
    ],
  },
  'EPYC-Genoa': {
    upTo: 3,
    from: [
      [1, earlyEpyc(genoa, false)],
      [2, laterEpyc(genoa)],
    ],
  },
  'EPYC-Turin': { upTo: 2, from: [[1, laterEpyc(turin)]] },
  SapphireRapids: {
    upTo: 8,
    from: [
      [4, xeon({ l1d: bigL1d, l1i: l1, l2: { sizeBytes: 2 * MiB, ways: 16 }, l3: { sizeBytes: 60 * MiB, ways: 15 } })],
    ],
  },
  GraniteRapids: {
    upTo: 7,
    from: [
      [
        3,
        xeon({
          l1d: bigL1d,
          l1i: { sizeBytes: 64 * KiB, ways: 16 },
          l2: { sizeBytes: 2 * MiB, ways: 16 },
          l3: { sizeBytes: 288 * MiB, ways: 16 },
        }),
      ],
    ],
  },
  SierraForest: {
    upTo: 6,
    from: [[3, xeon({ l1d: l1, l1i: atomL1i, l2: moduleL2, l3: { sizeBytes: 108 * MiB, ways: 12 } })]],
  },
  ClearwaterForest: {
    upTo: 4,
    from: [[3, xeon({ l1d: l1, l1i: atomL1i, l2: moduleL2, l3: { sizeBytes: 528 * MiB, ways: 16 } })]],
  },
  YongFeng: {
    upTo: 3,
    from: [
      [
        3,
        {
          l1d: cache('data', 1, { ...l1, linesPerTag: 1 }),
          l1i: cache('instruction', 1, { sizeBytes: 64 * KiB, ways: 16, linesPerTag: 1 }),
          l2: cache('unified', 2, { sizeBytes: 256 * KiB, ways: 8, isInclusive: true }),
          l3: cache('unified', 3, {
            sizeBytes: 8 * MiB,
            ways: 16,
            isNotInvalidated: true,
            isInclusive: true,
            share: 'die',
          }),
        },
      ],
    ],
  },
  // CPUs without leaf 4: QEMU gives them what it shows in leaf 2 of all others.
  ...Object.fromEntries(
    ['486', 'pentium', 'pentium2', 'pentium3'].map((name) => [name, { upTo: 1, from: [[1, legacyCaches.leaf2]] }]),
  ),
};

/** Families whose descriptions are known, with the last version that was seen. */
export const familiesWithCaches: ReadonlyMap<string, number> = new Map(
  Object.entries(families).map(([name, { upTo }]) => [name, upTo]),
);

/** What is known of the caches that a model brings. */
export type OwnCaches =
  | { readonly kind: 'known'; readonly caches: CacheSet }
  /** A later version than any that was seen: it keeps the caches of the one before, unless it brings new ones. */
  | { readonly kind: 'assumed'; readonly caches: CacheSet; readonly like: string }
  | { readonly kind: 'unknown' };

/**
 * The caches that a model brings. `model` is a versioned name; a name without a version stands for the first.
 * `harvested` are those of this very QEMU, and win.
 */
export function ownCachesOf(model: string, harvested?: ModelCaches): OwnCaches {
  const match = /^(.+?)(?:-v(\d+))?$/.exec(model);
  const family = match?.[1] ?? model;
  const version = Number(match?.[2] ?? 1);
  const own = harvested?.get(model) ?? harvested?.get(`${family}-v${version}`);
  if (own) return { kind: 'known', caches: own };
  const description = Object.hasOwn(families, family) ? families[family] : undefined;
  const found = description?.from.findLast(([from]) => from <= version);
  if (description === undefined || found === undefined) return { kind: 'unknown' };
  const [, caches] = found;
  return version <= description.upTo
    ? { kind: 'known', caches }
    : { kind: 'assumed', caches, like: `${family}-v${description.upTo}` };
}
