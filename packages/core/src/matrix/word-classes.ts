import type { PropertyValues } from '../catalog/catalog.ts';
import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { effectiveIrqchip, isPcMachine } from '../resolve/locate-cell.ts';
import type { KernelIrqchip } from '../resolve/resolution.ts';
import type { SettledCell } from '../resolve/settle-cell.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { CellClasses } from './cell-classes.ts';
import { extremesOf, learnWords, type Extremes, type LaneWords } from './lane-words.ts';
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

/** Classes of defined models that ask for the same. */
export interface WordClass extends LaneWords {
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

interface Draft extends LaneWords {
  readonly members: ClassMember[];
}

/** Finds what a class asks for; null: that hangs on more of the host than its support. */
function draftOf(index: CatalogIndex, classes: CellClasses, number: number, extremes: Extremes) {
  const cell = classes.classes[number];
  const request = requestOf(index, cell, classes.request);
  const learnt = learnWords(extremes, request, cell, { model: request.cpu, edits: [] });
  if (learnt === null) return null;
  const { words, settled } = learnt;
  const values = classes.varying.map((name) => settled.configured.properties[name]);
  const { irqchip, isPc, asks, cut, dropped } = words;
  const key = [cell.kind, irqchip, isPc, asks.join(), cut.join(), dropped.join()].join(' ');
  return { key, words, member: { number, place: classes.places[number], settled, values } };
}

/** Classes that are looked at in one step, about a millisecond. */
const classesPerStep = 32;

/** Prepares to compute the outcomes of all classes on any number of hosts; others may have a turn between the steps. */
export function* planInSteps(index: CatalogIndex, classes: CellClasses): Generator<void, ClassPlan, void> {
  const extremes = extremesOf(index);
  const drafts = new Map<string, Draft>();
  const others: number[] = [];
  for (let number = 0; number < classes.classes.length; number++) {
    if (number % classesPerStep === 0) yield;
    const found = draftOf(index, classes, number, extremes);
    if (found === null) {
      others.push(number);
      continue;
    }
    const draft = drafts.get(found.key) ?? { ...found.words, members: [] };
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
