import { createHash } from 'node:crypto';
import {
  fromSparse,
  raisedLevels,
  toSparse,
  type CatalogIndex,
  type FeatureSet,
  type PropertyValues,
  type SparseWords,
} from '@cpu-atlas/core';
import type { Expand } from './cpu-properties.ts';
import type { Reading } from './dependencies.ts';

/** What one model is on one machine type under one accelerator. */
export interface HarvestedModel {
  /** Equal for equal answers. */
  readonly key: string;
  readonly features: SparseWords;
  readonly properties: PropertyValues;
}

/** Properties that are where and which CPU it is, or that follow from others. */
const placement = new Set([
  ...['apic-id', 'core-id', 'die-id', 'module-id', 'socket-id', 'thread-id', 'node-id', 'memory', 'realized'],
  ...[
    'hotplugged',
    'hotpluggable',
    'start-powered-off',
    'unavailable-features',
    'feature-words',
    'filtered-features',
    'level-func7',
  ],
]);

/** An expansion without what is only placement, as text that compares. */
export function comparableExpansion(values: PropertyValues): string {
  return JSON.stringify(Object.entries(values).filter(([name]) => !placement.has(name)));
}

const levelNames = ['level', 'xlevel', 'xlevel2'] as const;

function addFeature(index: CatalogIndex, set: FeatureSet, name: string): void {
  const location = index.features.get(name);
  if (!location) return;
  set[location.lane] |= location.mask;
  if (location.highMask !== 0) set[location.lane + 1] |= location.highMask;
}

/** What the forced expansions of a model told, for all machine types where it looks the same from outside. */
export interface HiddenPart {
  readonly features: SparseWords;
  readonly deep: PropertyValues;
  readonly minimums: PropertyValues;
}

/** Reads models of one machine type, with as few expansions as their sameness allows. */
export class ModelReader {
  readonly #index: CatalogIndex;
  readonly #plan: readonly Reading[];
  readonly #nameless: ReadonlyMap<string, SparseWords>;
  readonly #hidden: Map<string, Promise<HiddenPart>>;

  /** `index` needs to hold words, features and relations only; `hidden` is shared by all machine types of a sweep. */
  constructor(options: {
    readonly index: CatalogIndex;
    readonly plan: readonly Reading[];
    readonly nameless: ReadonlyMap<string, SparseWords>;
    readonly hidden: Map<string, Promise<HiddenPart>>;
  }) {
    this.#index = options.index;
    this.#plan = options.plan;
    this.#nameless = options.nameless;
    this.#hidden = options.hidden;
  }

  /**
   * Expands a model once as it is; the forced expansions, which show what hides behind missing parents, are asked only
   * where the features of that answer or the `hint` (what else is known to distinguish this machine type) are new.
   * @throws QMP_ERROR, QMP_PROTOCOL, QEMU_DIED, QEMU_TIMEOUT
   */
  async read(expand: Expand, model: string, hint: string): Promise<HarvestedModel> {
    const bare = await expand(model, this.#plan[0].force);
    const levels = levelNames.flatMap((name) => [bare[name], bare[`min-${name}`]]);
    const on = [...this.#index.features.keys()].filter((name) => bare[name] === true);
    const key = createHash('sha1')
      .update(JSON.stringify([model, hint, levels, on]))
      .digest('base64');
    const known = this.#hidden.get(key) ?? this.#readHidden(expand, model, bare);
    this.#hidden.set(key, known);
    const { features, deep, minimums } = await known;
    return { key, features, properties: { ...this.#ownProperties(bare, deep), ...minimums } };
  }

  async #readHidden(expand: Expand, model: string, bare: PropertyValues): Promise<HiddenPart> {
    const forced = this.#plan.slice(1);
    const others = await Promise.all(forced.map(({ force }) => expand(model, force)));
    const set = fromSparse(this.#index.layout, this.#nameless.get(model) ?? {});
    [bare, ...others].forEach((values, i) => {
      for (const name of this.#plan[i].reads) if (values[name] === true) addFeature(this.#index, set, name);
    });
    const minimums = await this.#definedMinimums(expand, model, bare);
    return { features: toSparse(this.#index.layout, set), deep: others[0] ?? bare, minimums };
  }

  #ownProperties(bare: PropertyValues, deep: PropertyValues): PropertyValues {
    const kept: Record<string, boolean | number | string> = {};
    const free = new Set<string>(levelNames.filter((name) => !isFixed(name, bare, deep)));
    for (const [name, value] of Object.entries(bare))
      if (!this.#index.features.has(name) && !placement.has(name) && !free.has(name)) kept[name] = value;
    return kept;
  }

  /** `min-level` and its kind, before features raised them: read with every feature off where a feature may have. */
  async #definedMinimums(expand: Expand, model: string, bare: PropertyValues): Promise<PropertyValues> {
    const set = new Uint32Array(this.#index.layout.laneCount);
    for (const name of this.#index.features.keys()) if (bare[name] === true) addFeature(this.#index, set, name);
    const raised = raisedLevels(this.#index, set, bare);
    const isRaised = levelNames.some((name) => bare[`min-${name}`] === raised[name] && raised[name] !== 0);
    if (!isRaised) return {};
    const off = Object.fromEntries([...this.#index.features.keys()].map((name) => [name, false]));
    const values = await expand(model, off);
    return Object.fromEntries(levelNames.map((name) => [`min-${name}`, values[`min-${name}`]]));
  }
}

/** A level that does not follow its minimum was set by somebody: a compat property or the definition. */
function isFixed(name: (typeof levelNames)[number], bare: PropertyValues, deep: PropertyValues): boolean {
  return bare[name] !== bare[`min-${name}`] || deep[name] !== deep[`min-${name}`];
}
