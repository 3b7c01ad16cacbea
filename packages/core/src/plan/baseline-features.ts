import type { CatalogIndex, FeatureLocation } from '../catalog/catalog-index.ts';
import type { ResolveContext } from '../resolve/context.ts';
import { siliconHas } from '../resolve/layer-presence.ts';
import { resolveCell, type ResolvedCell } from '../resolve/resolve.ts';
import { featureAt } from '../x86/feature-table.ts';
import { wordKeyOf, type FeatureSet } from '../x86/word-layout.ts';
import type { PlanRequest } from './fleet.ts';

/**
 * What "the best CPU" of some hosts means. `all-you-can-enable`: whatever QEMU and KVM can give, made up or not;
 * `match-host-cpu`: what the CPUs themselves have of it; `best-predefined-model`: the named model that gives most.
 * Source: QEMU wiki, Features/CPUModels, "three meanings of best"
 */
export const baselineModes = ['all-you-can-enable', 'match-host-cpu', 'best-predefined-model'] as const;
export type BaselineMode = (typeof baselineModes)[number];

/** What one host, or all hosts of a class, can give a guest, by name of the feature. */
export interface HostOffer {
  readonly context: ResolveContext;
  readonly has: ReadonlySet<string>;
  /** Features of which it is not known. */
  readonly open: ReadonlySet<string>;
  /** Of the features that nobody takes by itself (`topoext`), those that it could give. */
  readonly onDemand: ReadonlySet<string>;
  /** `-cpu host` (TCG: `max`) on this host, from which the offer was read. */
  readonly cell: ResolvedCell;
  /** Why nothing at all can be told; null: it can. */
  readonly silence: string | null;
}

const covers = (set: FeatureSet, { lane, mask, highMask }: FeatureLocation): boolean =>
  (set[lane] & mask) >>> 0 === mask && (highMask === 0 || (set[lane + 1] & highMask) >>> 0 === highMask);

const overlaps = (set: FeatureSet, { lane, mask, highMask }: FeatureLocation): boolean =>
  (set[lane] & mask) !== 0 || (highMask !== 0 && (set[lane + 1] & highMask) !== 0);

/** Names of the features that a set holds whole, in QEMU's order. */
export function featureNames(index: CatalogIndex, set: FeatureSet): string[] {
  return index.catalog.features.flatMap(({ name }) => {
    const location = index.features.get(name);
    return location !== undefined && covers(set, location) ? [name] : [];
  });
}

/** Names of the features of which a set holds any bit. */
export function touchedNames(index: CatalogIndex, set: FeatureSet): string[] {
  return index.catalog.features.flatMap(({ name }) => {
    const location = index.features.get(name);
    return location !== undefined && overlaps(set, location) ? [name] : [];
  });
}

/** The CPU that takes all that a host has. */
export function wholeHostCpu(accel: PlanRequest['accel'], migratable: boolean): string {
  const model = accel === 'kvm' ? 'host' : 'max';
  return migratable ? model : `${model},migratable=off`;
}

/** Whether a bit is a matter of QEMU and KVM alone, which no CPU has: the hypervisor bit and KVM's own leaves. */
function isParavirtual(key: string, bit: number): boolean {
  return key.startsWith('40000') || (key === '1.ECX' && bit === 31);
}

/**
 * What the silicon says of a feature. Bits of MSRs that the snapshot does not show count as KVM tells them: KVM derives
 * them from the CPU.
 */
function ofSilicon(context: ResolveContext, name: string): 'present' | 'absent' | 'unknown' {
  const { index } = context;
  const property = index.catalog.features.find((feature) => feature.name === name);
  const location = index.features.get(name);
  if (property === undefined || location === undefined) return 'absent';
  const spec = index.layout.words[property.word];
  const key = wordKeyOf(spec);
  const found = property.bits.map((bit) =>
    isParavirtual(key, bit) ? 'present' : siliconHas(context, { location, word: property.word, bit }),
  );
  if (found.includes('absent')) return 'absent';
  if (!found.includes('unknown') || spec.kind === 'msr') return 'present';
  return 'unknown';
}

/** Features whose MSR KVM lists but refuses to be written to: QEMU would abort. */
function unwritableNames({ index, facts }: ResolveContext): Set<string> {
  const keys = new Set([...(facts.kvm?.unwritableMsrs ?? [])].map((msr) => wordKeyOf({ kind: 'msr', index: msr })));
  const isUnwritable = (word: number): boolean => keys.has(wordKeyOf(index.layout.words[word]));
  return new Set(index.catalog.features.filter(({ word }) => isUnwritable(word)).map(({ name }) => name));
}

/**
 * Reads what a host offers from the CPU that takes all of it.
 * @throws MACHINE_TYPE_UNKNOWN, CPU_MODEL_UNKNOWN, ACCELERATOR_UNKNOWN
 */
export function offerOf(
  context: ResolveContext,
  { accel, machine, kernelIrqchip }: PlanRequest,
  mode: BaselineMode,
  migratable: boolean,
): HostOffer {
  const { index } = context;
  const cell = resolveCell(context, { accel, machine, kernelIrqchip, cpu: wholeHostCpu(accel, migratable) });
  const unwritable = unwritableNames(context);
  const left = new Set(touchedNames(index, index.notAutoenabled));
  const isGiven = (name: string): boolean => !unwritable.has(name) && !left.has(name);
  const has = new Set(featureNames(index, cell.words.effective).filter(isGiven));
  const onDemand = new Set(featureNames(index, cell.support.supported).filter((name) => left.has(name)));
  const open = new Set(touchedNames(index, cell.words.undecided));
  if (mode === 'match-host-cpu' && accel === 'kvm')
    for (const name of [...has]) {
      const silicon = ofSilicon(context, name);
      if (silicon !== 'present') has.delete(name);
      if (silicon === 'unknown') open.add(name);
    }
  return { context, has, open, onDemand, cell, silence: silenceIn(context, accel, mode) };
}

/** Whether one host that has a feature is enough for the guest to have to know: a weakness or a duty. */
export function isAccumulated({ catalog, layout }: CatalogIndex, name: string): boolean {
  const property = catalog.features.find((feature) => feature.name === name);
  if (property === undefined) return false;
  const key = wordKeyOf(layout.words[property.word]);
  return property.bits.some((bit) => featureAt(key, bit)?.pool === 'accumulate');
}

/** A layer without which nothing can be told of a host. */
function silenceIn({ facts }: ResolveContext, accel: PlanRequest['accel'], mode: BaselineMode): string | null {
  if (accel !== 'kvm') return null;
  if (facts.kvm === null && facts.observed.kvm === null)
    return facts.kvmUnknown?.reason ?? 'KVM of that host was not observed';
  if (mode === 'match-host-cpu' && facts.groups.length === 0)
    return facts.hardwareUnknown?.reason ?? 'the CPU of that host was not seen';
  return null;
}
