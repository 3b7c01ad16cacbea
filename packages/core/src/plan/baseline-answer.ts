import type { BaselineMode, HostOffer } from './baseline-features.ts';
import type { AccumulatedFeature, DroppedFeature } from './baseline-losses.ts';
import type { EditedModel } from './baseline-model.ts';
import type { HostClass, PlanRequest, SeenHost } from './fleet.ts';

export interface BaselineRequest extends PlanRequest {
  readonly mode: BaselineMode;
  /** Leave out what does not survive a migration (`invtsc`). */
  readonly migratable: boolean;
}

/** A host that does not answer, so that the answer is not known. */
export interface SilentHost {
  readonly id: string;
  readonly name: string;
  readonly reason: string;
}

/** What the resolver says of the `-cpu` line on some hosts that come out the same. */
export interface LineVerdict {
  readonly hosts: readonly { readonly id: string; readonly name: string }[];
  readonly verdict: 'starts' | 'refuses' | 'unknown';
  readonly reasons: readonly string[];
}

/** A named model that gives more, and what keeps it from running everywhere. */
export interface BetterModel {
  readonly model: string;
  /** Hosts on which it runs as defined, of all that answer. */
  readonly runsOn: number;
  readonly of: number;
  readonly decidingHost: string;
  readonly lacks: readonly string[];
}

/** The CPU for hosts of one vendor. */
export interface VendorBaseline {
  /** CPUID's name; null: not known, as no host answers. */
  readonly vendor: string | null;
  /** found: every host starts the line. none: no CPU runs on all. unknown: a host that decides is not known. */
  readonly outcome: 'found' | 'none' | 'unknown';
  /** Hosts that answer, of all. */
  readonly answering: number;
  readonly hosts: number;
  /** The exact argument of `-cpu`; null where the outcome is not `found`. */
  readonly cpu: string | null;
  readonly model: EditedModel | null;
  /** What the guest gets on every host that answers, in QEMU's order: with silent hosts it can only be less. */
  readonly features: readonly string[];
  /** Left out, as no host is known to lack it and some host does not tell: there may be more to gain. */
  readonly openFeatures: readonly string[];
  readonly dropped: readonly DroppedFeature[];
  readonly accumulated: readonly AccumulatedFeature[];
  readonly verdicts: readonly LineVerdict[];
  readonly silent: readonly SilentHost[];
  readonly betterModels: readonly BetterModel[];
  /** Why the outcome is not `found`. */
  readonly reasons: readonly string[];
}

export interface Baseline extends BaselineRequest {
  /** More than one: hosts of several vendors, which no VM moves between; each has its own baseline. */
  readonly vendors: readonly VendorBaseline[];
  /** The outcome over all: with several vendors there is no common CPU. */
  readonly outcome: VendorBaseline['outcome'];
  readonly reason: string;
}

/** Hosts that come out the same, with what they offer. */
export interface OfferingClass extends HostClass {
  readonly sample: SeenHost;
  readonly offer: HostOffer;
}
