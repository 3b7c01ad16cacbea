import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import { mirrorAmdAliases } from '../resolve/compute-words.ts';
import type { ResolveContext } from '../resolve/context.ts';
import type { CpuArgument } from '../resolve/cpu-argument.ts';
import { readHostFacts } from '../resolve/host-facts.ts';
import type { HostSupport } from '../resolve/host-support.ts';
import { applyHostIdentity } from '../resolve/identity.ts';
import { isPcMachine, type Cell } from '../resolve/locate-cell.ts';
import { differsFromGuestTrace } from '../resolve/processor-trace.ts';
import type { Accelerator, KernelIrqchip, ResolutionRequest } from '../resolve/resolution.ts';
import { settleCell, type SettledCell } from '../resolve/settle-cell.ts';
import type { Words } from '../resolve/words.ts';
import { xsaveComponents } from '../resolve/xsave.ts';
import type { FeatureSet } from '../x86/word-layout.ts';

/**
 * What a defined model, with or without features switched on and off, asks for. What a host leaves of it follows lane by
 * lane:
 *
 *     requested = asks & (supported | ~cut)
 *     filtered  = dropped | (requested & ~supported & ~unknown)
 *     effective = requested & supported
 */
export interface LaneWords {
  readonly irqchip: KernelIrqchip;
  readonly isPc: boolean;
  /** Everything, on a host that supports everything. */
  readonly asks: FeatureSet;
  /** State components that QEMU does not ask for where the accelerator lacks them. */
  readonly cut: FeatureSet;
  /** Filtered on every host. */
  readonly dropped: FeatureSet;
  /** The lanes in which `asks` or `dropped` has anything. */
  readonly lanes: readonly number[];
}

/** What cells are settled on to learn what does not hang on the host. */
export interface Extremes {
  readonly everything: ResolveContext;
  readonly nothing: ResolveContext;
}

/** A host of which nothing is known but that its accelerator supports the same of every word. */
function uniformContext(index: CatalogIndex, lane: number): ResolveContext {
  const supported = new Uint32Array(index.layout.laneCount).fill(lane);
  const facts = readHostFacts(null, index.catalog.qemu.version);
  return {
    index,
    snapshot: null,
    facts,
    components: xsaveComponents(index),
    support: (accel, kernelIrqchip): HostSupport => ({
      accel,
      kernelIrqchip,
      supported,
      unknown: index.nothing,
      isWhole: true,
    }),
  };
}

/** The two made-up hosts of a QEMU: one that supports everything, one that supports nothing. */
export function extremesOf(index: CatalogIndex): Extremes {
  return { everything: uniformContext(index, 0xffffffff), nothing: uniformContext(index, 0) };
}

/** Whether the formula of {@link LaneWords} holds for a cell: nothing of the host but its support gets into the words. */
function isLaneWise({ cell, configured }: SettledCell): boolean {
  return (cell.kind === 'defined' || cell.kind === 'base') && configured.properties['x-force-features'] !== true;
}

/** A cell that follows lane by lane, as far as no host decides. */
export interface LearntCell {
  readonly words: LaneWords;
  /** On the host that supports everything. */
  readonly settled: SettledCell;
}

/**
 * Learns what a cell asks for; null: that hangs on more of the host than its support.
 * @throws CPU_PROPERTY_UNKNOWN, CPU_PROPERTY_INVALID
 */
export function learnWords(
  { everything, nothing }: Extremes,
  request: ResolutionRequest,
  cell: Cell,
  argument: CpuArgument,
): LearntCell | null {
  const settled = settleCell(everything, request, cell, argument);
  if (!isLaneWise(settled)) return null;
  const asks = settled.words.requested;
  const least = settleCell(nothing, request, cell, argument).words.requested;
  const dropped = settled.words.filtered;
  const words: LaneWords = {
    ...{ irqchip: settled.irqchip, isPc: isPcMachine(request.machine), asks, dropped },
    cut: asks.map((lane, i) => lane & ~least[i]),
    lanes: [...asks.keys()].filter((lane) => (asks[lane] | dropped[lane]) !== 0),
  };
  return { words, settled };
}

/** Words that are computed again and again in the same memory. */
export type ScratchWords = { -readonly [Name in keyof Words]: Words[Name] };

export function allocateWords({ layout: { laneCount }, nothing }: CatalogIndex): ScratchWords {
  return {
    requested: new Uint32Array(laneCount),
    effective: new Uint32Array(laneCount),
    filtered: new Uint32Array(laneCount),
    undecided: new Uint32Array(laneCount),
    dropped: nothing,
    conflicting: nothing,
    beforeDependencies: null,
    traceLacksLevel: false,
    traceDiffers: false,
  };
}

/** Makes memory ready for words with other lanes. */
export function clearWords({ requested, effective, filtered, undecided }: ScratchWords): void {
  requested.fill(0);
  effective.fill(0);
  filtered.fill(0);
  undecided.fill(0);
}

/** Computes the words on one host into `words`, see {@link LaneWords}. Lanes that have nothing are left as they are. */
export function fillWords(
  words: ScratchWords,
  { asks, cut, dropped, lanes }: LaneWords,
  { supported, unknown }: HostSupport,
): void {
  const { requested, effective, filtered, undecided } = words;
  for (const lane of lanes) {
    const own = supported[lane];
    const asked = asks[lane] & (own | ~cut[lane]);
    const lacking = asked & ~own;
    requested[lane] = asked;
    effective[lane] = asked & own;
    filtered[lane] = dropped[lane] | (lacking & ~unknown[lane]);
    undecided[lane] = lacking & unknown[lane];
  }
}

/** KVM's Processor Trace may differ from the one that QEMU shows every guest: then it is filtered. */
export function filterTrace(context: ResolveContext, accel: Accelerator, words: ScratchWords): void {
  const trace = context.index.features.get('intel-pt');
  const asks = trace !== undefined && (words.effective[trace.lane] & trace.mask) !== 0;
  words.traceDiffers = asks && accel === 'kvm' && differsFromGuestTrace(context, words.effective);
  if (!words.traceDiffers || trace === undefined) return;
  words.filtered[trace.lane] |= trace.mask;
  words.effective[trace.lane] &= ~trace.mask;
}

/** A learnt cell on a host, ready to be judged: with the words that are filled, and the identity that KVM hands on. */
export function settleOnHost(
  context: ResolveContext,
  settled: SettledCell,
  { support, words, properties }: Pick<SettledCell, 'support' | 'words'> & { readonly properties: PropertyValues },
): SettledCell {
  const { vendor, unknowns } = applyHostIdentity(context, settled.cell, support.accel, settled.configured.properties);
  mirrorAmdAliases(context.index, vendor ?? '', words.effective);
  const configured = { ...settled.configured, properties };
  return { ...settled, support, configured, vendor, words, unknownProperties: unknowns };
}
