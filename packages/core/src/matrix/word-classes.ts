import type { PropertyValues } from '../catalog/catalog.ts';
import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { ResolveContext } from '../resolve/context.ts';
import { readHostFacts } from '../resolve/host-facts.ts';
import type { HostSupport } from '../resolve/host-support.ts';
import { effectiveIrqchip, isPcMachine } from '../resolve/locate-cell.ts';
import type { KernelIrqchip } from '../resolve/resolution.ts';
import { settleCell, type SettledCell } from '../resolve/settle-cell.ts';
import { xsaveComponents } from '../resolve/xsave.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { CellClasses } from './cell-classes.ts';
import { namedBits, requestOf } from './outcome-table.ts';

/** A class of cells, ready to be judged on a host. */
export interface ClassMember {
  /** Index into `CellClasses.classes`. */
  readonly number: number;
  readonly place: number;
  /** The cell as far as no host decides. */
  readonly settled: SettledCell;
  /** Its values of the properties in which cells differ, see `CellClasses.varying`. */
  readonly values: PropertyList;
}

export type PropertyList = readonly (PropertyValues[string] | undefined)[];

/**
 * Classes of defined models that ask for the same. What a host leaves of it follows lane by lane:
 *
 *     requested = asks & (supported | ~cut)
 *     filtered  = dropped | (requested & ~supported & ~unknown)
 *     effective = requested & supported
 */
export interface WordClass {
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
  readonly members: readonly ClassMember[];
}

/** The cells of a catalog, sorted by how their outcomes are computed. */
export interface ClassPlan {
  readonly index: CatalogIndex;
  readonly classes: CellClasses;
  readonly wordClasses: readonly WordClass[];
  /** Where features of a host are shown: the default machine type. */
  readonly shown: { readonly irqchip: KernelIrqchip; readonly isPc: boolean };
  /** Bits that have a name. */
  readonly named: FeatureSet;
  /** Classes that take more of the host than what it supports (`host`, `max`): they are settled one by one. */
  readonly others: readonly number[];
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

/** Whether the formula of {@link WordClass} holds for a cell: nothing of the host but its support gets into the words. */
function isLaneWise({ cell, configured }: SettledCell): boolean {
  return (cell.kind === 'defined' || cell.kind === 'base') && configured.properties['x-force-features'] !== true;
}

interface Draft extends Omit<WordClass, 'members'> {
  readonly members: ClassMember[];
}

/** What cells are settled on to learn what does not hang on the host. */
interface Extremes {
  readonly everything: ResolveContext;
  readonly nothing: ResolveContext;
}

/** Finds what a class asks for; null: that hangs on more of the host than its support. */
function draftOf(index: CatalogIndex, classes: CellClasses, number: number, { everything, nothing }: Extremes) {
  const cell = classes.classes[number];
  const request = requestOf(index, cell, classes.request);
  const argument = { model: request.cpu, edits: [] };
  const settled = settleCell(everything, request, cell, argument);
  if (!isLaneWise(settled)) return null;
  const asks = settled.words.requested;
  const least = settleCell(nothing, request, cell, argument).words.requested;
  const dropped = settled.words.filtered;
  const { irqchip } = settled;
  const isPc = isPcMachine(request.machine);
  const draft: Draft = {
    ...{ irqchip, isPc, asks, dropped },
    cut: asks.map((lane, i) => lane & ~least[i]),
    lanes: [...asks.keys()].filter((lane) => (asks[lane] | dropped[lane]) !== 0),
    members: [],
  };
  const values = classes.varying.map((name) => settled.configured.properties[name]);
  const key = [cell.kind, irqchip, isPc, asks.join(), least.join(), dropped.join()].join(' ');
  return { key, draft, member: { number, place: classes.places[number], settled, values } };
}

/** Classes that are looked at in one step, about a millisecond. */
const classesPerStep = 32;

/** Prepares to compute the outcomes of all classes on any number of hosts; others may have a turn between the steps. */
export function* planInSteps(index: CatalogIndex, classes: CellClasses): Generator<void, ClassPlan, void> {
  const extremes = { everything: uniformContext(index, 0xffffffff), nothing: uniformContext(index, 0) };
  const drafts = new Map<string, Draft>();
  const others: number[] = [];
  for (let number = 0; number < classes.classes.length; number++) {
    if (number % classesPerStep === 0) yield;
    const found = draftOf(index, classes, number, extremes);
    if (found === null) {
      others.push(number);
      continue;
    }
    const draft = drafts.get(found.key) ?? found.draft;
    draft.members.push(found.member);
    drafts.set(found.key, draft);
  }
  const wordClasses = [...drafts.values()];
  return { index, classes, wordClasses, shown: defaultPlace(index, classes), named: namedBits(index), others };
}

/** {@link planInSteps} without a stop. */
export function planClasses(index: CatalogIndex, classes: CellClasses): ClassPlan {
  const steps = planInSteps(index, classes);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The irqchip of the default machine type; of the first that there is where no default could be harvested. */
function defaultPlace(index: CatalogIndex, { classes, groups, request }: CellClasses): ClassPlan['shown'] {
  const isDefault = (machine: number): boolean => index.catalog.machines[machine].isDefault;
  const group = groups.find(({ machines }) => machines.some(isDefault)) ?? groups[0];
  const number = group?.classOf.find((candidate) => candidate >= 0) ?? 0;
  const cell = classes[number];
  if (cell === undefined) return { irqchip: request.kernelIrqchip ?? 'on', isPc: true };
  return {
    irqchip: effectiveIrqchip(cell, request.kernelIrqchip),
    isPc: isPcMachine(index.catalog.machines[cell.machine].name),
  };
}
