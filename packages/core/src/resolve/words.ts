import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { Accelerator } from './resolution.ts';

/** A CPU with all its properties set, about to be expanded and filtered. */
export interface WordsInput {
  readonly accel: Accelerator;
  /** `host` or `max`. */
  readonly isMax: boolean;
  readonly features: FeatureSet;
  /** Bits that the machine type takes away, which `host` and `max` leave alone; null: none. */
  readonly withheld: FeatureSet | null;
  /** Bits that the user set: `host` and `max` leave them alone, and what is dropped of them counts as filtered. */
  readonly byUser: FeatureSet;
  readonly properties: PropertyValues;
  readonly vendor: string;
  /** Threads of one package; above 1 some releases switch `ht` on. */
  readonly threadsPerPackage: number;
}

/** The feature words on their way through QEMU. All sets are over the catalog's layout. */
export interface Words {
  /** What the CPU asks for after expansion. */
  readonly requested: FeatureSet;
  /** What the guest gets. */
  readonly effective: FeatureSet;
  readonly filtered: FeatureSet;
  /** Asked for by the user, but dropped because something it depends on is not there; part of `filtered`. */
  readonly dropped: FeatureSet;
  /** What the CPU asked for before anything of it was dropped; null where the user set no feature. */
  readonly beforeDependencies: FeatureSet | null;
  /** Asked for together with a feature that excludes it; part of `filtered`. */
  readonly conflicting: FeatureSet;
  /** Requested bits of which it is not known whether they are supported. */
  readonly undecided: FeatureSet;
  /** intel-pt is filtered because the machine type does not raise the level to leaf 14H. */
  readonly traceLacksLevel: boolean;
  /** intel-pt is filtered because KVM's Processor Trace differs from the one that QEMU shows. */
  readonly traceDiffers: boolean;
}

/** Sets to compute into. Memory for sets is dear in the hot loop, where one of these serves all cells in turn. */
export type WordSets = Pick<Words, 'requested' | 'effective' | 'filtered'>;

export function allocateSets({ layout: { laneCount } }: CatalogIndex): WordSets {
  return {
    requested: new Uint32Array(laneCount),
    effective: new Uint32Array(laneCount),
    filtered: new Uint32Array(laneCount),
  };
}
