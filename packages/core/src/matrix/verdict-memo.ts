import type { PropertyValues } from '../catalog/catalog.ts';
import type { CatalogIndex, FeatureLocation } from '../catalog/catalog-index.ts';
import type { ResolveContext } from '../resolve/context.ts';
import type { Words } from '../resolve/words.ts';
import type { ClassMember, PropertyList } from './word-classes.ts';
import { isEmpty } from '../x86/feature-set.ts';
import { wordKeyOf, type FeatureSet } from '../x86/word-layout.ts';

/**
 * Features of the guest on which it depends whether a CPU starts, see `resolve/check-*`, `address-bits` and `avx10`; a
 * test flips every other bit and finds no verdict that changes.
 */
export const judgedFeatures = [
  ...['lm', 'pae', 'pse36', 'apic', 'x2apic', 'topoext', 'vmx', 'smx', 'sgx', 'mce', 'mca', 'avx10', 'intel-pt'],
  'kvm-asyncpf-int',
] as const;

/** Of these it also matters whether they are undecided. */
export const judgedUndecided = ['lm', 'pae', 'pse36', 'x2apic'] as const;

/** The format of LBR records. Source: Intel SDM vol. 3B, 19.1, IA32_PERF_CAPABILITIES[5:0] */
const lbrFormatMask = 0x3f;
const lbrFormatBits = 6;

/** More of them, and a key would not fit in a number any more. */
const mostMsrs = 8;

function locate({ features }: CatalogIndex, names: readonly string[]): (FeatureLocation | null)[] {
  return names.map((name) => features.get(name) ?? null);
}

/** What a memo must know of a cell. */
export type MemoMember = Pick<ClassMember, 'place' | 'settled' | 'values'>;

/** A verdict, and the properties that were looked at on the way to it, of those in which cells differ. */
interface Verdict<Outcome> {
  readonly place: number;
  /** Indexes into `CellClasses.varying`, and the values that were found there. */
  readonly read: readonly number[];
  readonly values: PropertyList;
  readonly outcome: Outcome;
}

/**
 * Verdicts on one host, each found once. Whether a CPU starts depends on few bits of its words, on whether anything is
 * filtered or undecided at all, on where the cell is, and on properties: of those, a verdict holds wherever all that
 * were looked at have the same values.
 */
export class VerdictMemo<Outcome> {
  readonly #effective: readonly (FeatureLocation | null)[];
  readonly #undecided: readonly (FeatureLocation | null)[];
  readonly #lbrLane: number | undefined;
  /** Lanes of feature MSRs that KVM refuses to be written; null: too many for a key. */
  readonly #msrLanes: readonly number[] | null;
  readonly #varying: readonly string[];
  readonly #known = new Map<number, readonly Verdict<Outcome>[]>();

  constructor({ index, facts }: ResolveContext, varying: readonly string[]) {
    this.#varying = varying;
    this.#effective = locate(index, judgedFeatures);
    this.#undecided = locate(index, judgedUndecided);
    this.#lbrLane = index.layout.laneOfKey.get('msr.345');
    const msrs = [...(facts.kvm?.unwritableMsrs ?? [])];
    const lanes = msrs.flatMap((msr) => index.layout.laneOfKey.get(wordKeyOf({ kind: 'msr', index: msr })) ?? []);
    this.#msrLanes = lanes.length > mostMsrs ? null : lanes;
  }

  /** Whatever of the words decides, as a number; null: they cannot be told apart by one. */
  wordsKey({ requested, effective, filtered, undecided }: Words): number | null {
    if (this.#msrLanes === null) return null;
    let key = isEmpty(filtered) ? 0 : 1;
    if (!isEmpty(undecided)) key += 2;
    key = appendBits(appendBits(key, effective, this.#effective), undecided, this.#undecided);
    key = key * 2 ** lbrFormatBits + (this.#lbrLane === undefined ? 0 : requested[this.#lbrLane] & lbrFormatMask);
    for (const lane of this.#msrLanes) key = key * 2 + ((effective[lane] | effective[lane + 1]) === 0 ? 0 : 1);
    return key;
  }

  /** The verdict that holds for these words on a class; undefined: there is none yet. */
  find(words: number | null, { place, values }: MemoMember): Outcome | undefined {
    const verdicts = words === null ? undefined : this.#known.get(words);
    if (verdicts === undefined) return undefined;
    for (const verdict of verdicts) if (verdict.place === place && agrees(verdict, values)) return verdict.outcome;
    return undefined;
  }

  /** Judges, and keeps the verdict. `judge` must take all properties from what it is given. */
  keep(words: number | null, member: MemoMember, judge: (recorded: PropertyValues) => Outcome): Outcome {
    const { properties } = member.settled.configured;
    const read = new Set<string>();
    const record = (name: PropertyKey): PropertyValues[string] | undefined => {
      if (typeof name !== 'string') return undefined;
      read.add(name);
      return properties[name];
    };
    const recorded = new Proxy(properties, {
      get: (_, name) => record(name),
      has: (_, name) => record(name) !== undefined,
      ownKeys: () => Object.keys(properties).filter((name) => record(name) !== undefined),
    });
    const outcome = judge(recorded);
    if (words === null) return outcome;
    const { place, values } = member;
    const indexes = [...this.#varying.keys()].filter((i) => read.has(this.#varying[i]));
    this.#known.set(words, [...(this.#known.get(words) ?? []), { place, read: indexes, values, outcome }]);
    return outcome;
  }
}

function agrees(verdict: Pick<Verdict<unknown>, 'read' | 'values'>, values: PropertyList): boolean {
  for (const i of verdict.read) if (verdict.values[i] !== values[i]) return false;
  return true;
}

function appendBits(key: number, set: FeatureSet, locations: readonly (FeatureLocation | null)[]): number {
  let bits = 0;
  for (const location of locations)
    bits = bits * 2 + (location !== null && (set[location.lane] & location.mask) !== 0 ? 1 : 0);
  return key * 2 ** locations.length + bits;
}
