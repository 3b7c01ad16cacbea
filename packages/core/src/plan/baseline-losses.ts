import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { findBlocker } from '../resolve/blockers.ts';
import type { Blocker } from '../resolve/resolution.ts';
import { bitCoordinate } from '../x86/word-layout.ts';
import { isAccumulated, wholeHostCpu } from './baseline-features.ts';
import type { BaselineRequest, OfferingClass } from './baseline-answer.ts';
import { countHosts } from './fleet.ts';

/** A feature that some host has and the baseline does not. */
export interface DroppedFeature {
  readonly name: string;
  /** `CPUID.07H.0:EBX[5]`, `MSR 48BH[3]`. */
  readonly bit: string;
  /** Hosts that have it, of all that answer. */
  readonly have: number;
  readonly of: number;
  /** host: some host lacks it. model: all have it, but the model that runs everywhere does not ask for it. */
  readonly because: 'host' | 'model';
  /** The first host that lacks it. */
  readonly decidingHost: string | null;
  /** Names of the first hosts that lack it. */
  readonly lackedBy: readonly string[];
  /** What withholds it on the deciding host. */
  readonly blocker: Blocker | null;
}

/** A weakness or a duty that a guest has to be told of as soon as one host has it. */
export interface AccumulatedFeature {
  readonly name: string;
  readonly bit: string;
  readonly have: number;
  readonly of: number;
  /** Hosts that announce it. */
  readonly hadBy: readonly string[];
  /** told: the line announces it. cannot-be-told: a host's KVM does not let a guest see it, so that a guest from there is not warned. */
  readonly outcome: 'told' | 'cannot-be-told';
  /** The first host that cannot announce it. */
  readonly decidingHost: string | null;
}

const namedHosts = 5;

function placeOf(index: CatalogIndex, name: string) {
  const property = index.catalog.features.find((feature) => feature.name === name);
  const location = index.features.get(name);
  if (property === undefined || location === undefined) return null;
  return { location, word: property.word, bit: property.bits[0] };
}

function coordinate(classes: readonly OfferingClass[], name: string): string {
  for (const { offer } of classes) {
    const { index } = offer.context;
    const place = placeOf(index, name);
    if (place !== null) return bitCoordinate(index.layout.words[place.word], place.bit);
  }
  return name;
}

function blockerOn({ offer }: OfferingClass, name: string, request: BaselineRequest): Blocker | null {
  const { index } = offer.context;
  const place = placeOf(index, name);
  if (place === null) {
    const version = index.catalog.qemu.version;
    return {
      layer: 'qemu',
      evidence: `QEMU ${version} does not know ${name}`,
      remedy: 'a newer QEMU on that host may',
    };
  }
  const { accel, machine, kernelIrqchip } = request;
  const cpu = wholeHostCpu(accel, request.migratable);
  return findBlocker(offer.context, { accel, machine, kernelIrqchip, cpu }, offer.cell, place);
}

/** Every feature that any host has and the guest does not get, and the weaknesses that any host announces. */
export function explainLosses(
  classes: readonly OfferingClass[],
  kept: ReadonlySet<string>,
  request: BaselineRequest,
): { readonly dropped: readonly DroppedFeature[]; readonly accumulated: readonly AccumulatedFeature[] } {
  const names = new Set(classes.flatMap(({ offer }) => [...offer.has]));
  const of = countHosts(classes);
  const dropped: DroppedFeature[] = [];
  const accumulated: AccumulatedFeature[] = [];
  for (const name of names) {
    const [having, lacking] = splitBy(classes, name);
    const hosts = { bit: coordinate(classes, name), have: countHosts(having), of };
    const isWeakness = classes.some(({ offer }) => isAccumulated(offer.context.index, name));
    if (isWeakness) accumulated.push(describeWeakness({ name, ...hosts }, having, lacking, kept.has(name)));
    else if (!kept.has(name)) dropped.push(describeLoss({ name, ...hosts }, lacking, request));
  }
  return { dropped, accumulated };
}

function splitBy(classes: readonly OfferingClass[], name: string): readonly [OfferingClass[], OfferingClass[]] {
  const having = classes.filter(({ offer }) => offer.has.has(name));
  return [having, classes.filter((each) => !having.includes(each))];
}

type Counted = Pick<DroppedFeature, 'name' | 'bit' | 'have' | 'of'>;

const hostNames = (classes: readonly OfferingClass[]): string[] =>
  classes.flatMap(({ hosts }) => hosts.map(({ name }) => name)).slice(0, namedHosts);

function describeLoss(counted: Counted, lacking: readonly OfferingClass[], request: BaselineRequest): DroppedFeature {
  const [first] = lacking;
  return {
    ...counted,
    because: first === undefined ? 'model' : 'host',
    decidingHost: first?.sample.name ?? null,
    lackedBy: hostNames(lacking),
    blocker: first === undefined ? null : blockerOn(first, counted.name, request),
  };
}

function describeWeakness(
  counted: Counted,
  having: readonly OfferingClass[],
  lacking: readonly OfferingClass[],
  isTold: boolean,
): AccumulatedFeature {
  const [first] = lacking;
  return {
    ...counted,
    hadBy: hostNames(having),
    outcome: isTold ? 'told' : 'cannot-be-told',
    decidingHost: first?.sample.name ?? null,
  };
}
