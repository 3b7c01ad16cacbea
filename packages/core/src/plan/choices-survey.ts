import type { CatalogIndex, FeatureLocation } from '../catalog/catalog-index.ts';
import type { ResolveContext } from '../resolve/context.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { covers } from './choices-probe.ts';
import type { ProbedClass } from './class-prober.ts';
import { nameOfBit } from './predicates-obstacle.ts';

/** Calls back for each bit of a set, in QEMU's order, with lane * 32 + bit. */
export function forEachBit(set: FeatureSet, visit: (at: number) => void): void {
  for (let lane = 0; lane < set.length; lane++)
    for (let rest = set[lane]; rest !== 0; rest = (rest & (rest - 1)) >>> 0)
      visit(lane * 32 + 31 - Math.clz32(rest & -rest));
}

/** A set for each QEMU, and a context that knows its names. */
class SetsByQemu {
  readonly #sets = new Map<CatalogIndex, { readonly context: ResolveContext; readonly set: FeatureSet }>();

  /** The set of a QEMU; `first` is what it starts with. */
  of(context: ResolveContext, first: (index: CatalogIndex) => FeatureSet): FeatureSet {
    const known = this.#sets.get(context.index);
    if (known !== undefined) return known.set;
    const set = first(context.index);
    this.#sets.set(context.index, { context, set });
    return set;
  }

  *[Symbol.iterator](): Generator<{ readonly context: ResolveContext; readonly set: FeatureSet }> {
    yield* this.#sets.values();
  }
}

const emptySet = ({ layout }: CatalogIndex): FeatureSet => new Uint32Array(layout.laneCount);

/** What has to go so that hosts start with `enforce`. */
export class Hindrances {
  readonly #filtered = new SetsByQemu();
  readonly #aborting = new Set<string>();

  look({ probe }: ProbedClass): void {
    if (probe.kind === 'none' || probe.answer === 'yes') return;
    const all = this.#filtered.of(probe.context, emptySet);
    for (let lane = 0; lane < all.length; lane++) all[lane] |= probe.filtered[lane];
    for (const name of probe.aborting) this.#aborting.add(name);
  }

  /** By QEMU, in the order of its bits. */
  names(): ReadonlySet<string> {
    const names = new Set<string>();
    for (const { context, set } of this.#filtered) forEachBit(set, (at) => names.add(nameOfBit(context, at)));
    for (const name of this.#aborting) names.add(name);
    return names;
  }
}

/** Which features of a guest all hosts have that start its line with all that it asks for. */
export class CommonFeatures {
  readonly #common = new SetsByQemu();

  look({ probe }: ProbedClass): void {
    if (probe.kind === 'none' || probe.answer !== 'yes') return;
    const { effective } = probe;
    const common = this.#common.of(probe.context, () => effective.slice());
    for (let lane = 0; lane < common.length; lane++) common[lane] &= effective[lane];
  }

  names(): string[] {
    let names: string[] | null = null;
    for (const { context, set } of this.#common) {
      const isIn = ({ lane, mask }: FeatureLocation): boolean => (set[lane] & mask) !== 0;
      const own = namesWhere(context.index, isIn);
      const known = new Set(own);
      names = names === null ? own : names.filter((name) => known.has(name));
    }
    return names ?? [];
  }
}

function namesWhere({ catalog, features }: CatalogIndex, holds: (location: FeatureLocation) => boolean): string[] {
  return catalog.features.flatMap(({ name }) => {
    const location = features.get(name);
    return location !== undefined && holds(location) ? [name] : [];
  });
}

/** What the hosts that answer for a model can give beyond it, of features that somebody has in mind. */
export class Possibilities {
  #addable: readonly string[];
  readonly #supported = new SetsByQemu();
  #isAnyAble = false;

  constructor(wished: readonly string[]) {
    this.#addable = wished;
  }

  look({ probe }: ProbedClass): void {
    if (probe.kind === 'none') return;
    this.#isAnyAble = true;
    const { support, effective } = probe;
    const { index } = probe.context;
    const supported = this.#supported.of(probe.context, emptySet);
    for (let lane = 0; lane < supported.length; lane++) supported[lane] |= support.supported[lane];
    if (this.#addable.length === 0) return;
    this.#addable = this.#addable.filter((name) => {
      const location = index.features.get(name);
      return location !== undefined && covers(support.supported, location) && !covers(effective, location);
    });
  }

  /** Features that every host has, and no guest of the model as it is. */
  addable(): readonly string[] {
    return this.#isAnyAble ? this.#addable : [];
  }

  /** The QEMUs of the hosts. */
  indexes(): readonly CatalogIndex[] {
    return [...this.#supported].map(({ context }) => context.index);
  }

  /** Whether any host can give a feature. */
  isGivenSomewhere(name: string): boolean {
    return [...this.#supported].some(({ context: { index }, set }) => {
      const location = index.features.get(name);
      return location !== undefined && covers(set, location);
    });
  }
}
