import type { FeatureLocation } from '../catalog/catalog-index.ts';
import { createContext, type ResolveContext } from '../resolve/context.ts';
import { siliconHas, type Presence } from '../resolve/layer-presence.ts';
import { isUnknown, type HostSnapshot, type QemuBinary } from '../snapshot/snapshot.ts';
import { wordKeyOf, type FeatureSet } from '../x86/word-layout.ts';

/** The layer in which a host changed. A change of the silicon without another CPU or microcode counts as hardware. */
export const changeCauses = ['hardware', 'microcode', 'kernel', 'module-parameter', 'qemu'] as const;
export type ChangeCause = (typeof changeCauses)[number];

/** One change of one layer, and the features that came and went with it under KVM or in the silicon. */
export interface LayerChange {
  readonly cause: ChangeCause;
  /** In plain words: `kernel 6.1.0 → 6.12.0`. */
  readonly summary: string;
  readonly gained: readonly string[];
  readonly lost: readonly string[];
  /** Features of which it was known whether they are there, and no longer is. */
  readonly untold: readonly string[];
}

/** Two looks at one host, or at two: `before` and `after` are read with the same features in mind. */
interface Sides {
  readonly before: ResolveContext;
  readonly after: ResolveContext;
}

/** What became of one feature. */
interface FeatureChange {
  readonly name: string;
  readonly turn: 'gained' | 'lost' | 'untold' | null;
  readonly siliconTurn: 'gained' | 'lost' | 'untold' | null;
  readonly wordKey: string;
}

const arrow = (before: string, after: string): string => `${before} → ${after}`;

function turnOf(before: Presence, after: Presence): FeatureChange['turn'] {
  if (before === after || before === 'unknown') return null;
  if (after === 'unknown') return 'untold';
  return after === 'present' ? 'gained' : 'lost';
}

const within = (set: FeatureSet, { lane, mask, highMask }: FeatureLocation): boolean =>
  (set[lane] & mask) >>> 0 === mask && (highMask === 0 || (set[lane + 1] & highMask) >>> 0 === highMask);

const touches = (set: FeatureSet, { lane, mask, highMask }: FeatureLocation): boolean =>
  (set[lane] & mask) !== 0 || (highMask !== 0 && (set[lane + 1] & highMask) !== 0);

/** What KVM of a host offers, with the corrections of one QEMU. */
function kvmHasFeature(context: ResolveContext, location: FeatureLocation): Presence {
  const { supported, unknown } = context.support('kvm', 'on', true);
  if (within(supported, location)) return 'present';
  return touches(unknown, location) ? 'unknown' : 'absent';
}

function listFeatureChanges({ before, after }: Sides): FeatureChange[] {
  const { catalog, features, layout } = after.index;
  return catalog.features.flatMap(({ name, word, bits }): FeatureChange[] => {
    const location = features.get(name);
    if (location === undefined) return [];
    const place = { location, word, bit: bits[0] };
    const turn = turnOf(kvmHasFeature(before, location), kvmHasFeature(after, location));
    const siliconTurn = turnOf(siliconHas(before, place), siliconHas(after, place));
    return turn === null && siliconTurn === null
      ? []
      : [{ name, turn, siliconTurn, wordKey: wordKeyOf(layout.words[word]) }];
  });
}

/** A change before its features are known. */
interface LayerDraft {
  readonly cause: ChangeCause;
  readonly summary: string;
  /** Of a module parameter: its name. */
  readonly parameter?: string;
}

function cpuOf({ facts, snapshot }: ResolveContext): string | null {
  if (facts.signature === null && facts.brand === null) return null;
  const { family, model, stepping } = facts.signature ?? { family: '?', model: '?', stepping: '?' };
  const hardware = snapshot?.hardware;
  const kinds = hardware === undefined || isUnknown(hardware) ? 0 : hardware.cpus.length;
  const name = facts.brand?.trim() || facts.vendor || 'CPU';
  return `${name} (${family}/${model}/${stepping})${kinds > 1 ? ` in ${kinds} kinds` : ''}`;
}

function microcodeOf(snapshot: HostSnapshot | null): string | null {
  const hardware = snapshot?.hardware;
  return hardware === undefined || isUnknown(hardware) ? null : (hardware.microcode ?? null);
}

function kernelOf(snapshot: HostSnapshot | null): string | null {
  const kernel = snapshot?.kernel;
  return kernel === undefined || isUnknown(kernel) ? null : kernel.release;
}

/** A fact of which both sides told. */
function changed(before: string | null, after: string | null): string | null {
  return before === null || after === null || before === after ? null : arrow(before, after);
}

function listParameters({ facts }: ResolveContext): Map<string, string> {
  const modules = Object.entries(facts.kvm?.layer.modules ?? {});
  return new Map(
    modules.flatMap(([module, parameters]) =>
      Object.entries(parameters).map(([name, value]) => [`${module}.${name}`, value] as const),
    ),
  );
}

function draftParameters({ before, after }: Sides): LayerDraft[] {
  const earlier = listParameters(before);
  return [...listParameters(after)].flatMap(([parameter, value]): LayerDraft[] => {
    const difference = changed(earlier.get(parameter) ?? null, value);
    return difference === null
      ? []
      : [{ cause: 'module-parameter', summary: `${parameter} ${difference}`, parameter: parameter.split('.')[1] }];
  });
}

/** KVM or the CPU, where it came into sight or went out of it. */
function draftSight({ before, after }: Sides): LayerDraft[] {
  const drafts: LayerDraft[] = [];
  const note = (cause: ChangeCause, what: string, lost: string | null, seen: boolean, sees: boolean): void => {
    if (seen === sees) return;
    drafts.push({ cause, summary: sees ? `${what} is known now` : `${what} is not known any more: ${lost ?? ''}` });
  };
  const [a, b] = [before.facts, after.facts];
  note(
    'hardware',
    'the CPU',
    b.hardwareUnknown?.reason ?? null,
    a.hardwareUnknown === null,
    b.hardwareUnknown === null,
  );
  note('kernel', 'KVM', b.kvmUnknown?.reason ?? null, a.kvmUnknown === null, b.kvmUnknown === null);
  return drafts;
}

const nameBinary = ({ version, package: name }: QemuBinary): string =>
  name === undefined ? version : `${version} (${name})`;

/** Binaries by path: added, removed, another version, or another catalog of the same version. */
function draftBinaries({ before, after }: Sides): LayerDraft[] {
  const earlier = new Map((before.snapshot?.qemu ?? []).map((binary) => [binary.path, binary]));
  const later = new Map((after.snapshot?.qemu ?? []).map((binary) => [binary.path, binary]));
  const drafts: LayerDraft[] = [];
  const note = (summary: string): void => void drafts.push({ cause: 'qemu', summary });
  for (const [path, binary] of later) {
    const old = earlier.get(path);
    if (old === undefined) note(`QEMU ${nameBinary(binary)} at ${path} is new`);
    else if (nameBinary(old) !== nameBinary(binary))
      note(`QEMU ${arrow(nameBinary(old), nameBinary(binary))} at ${path}`);
    else if (changed(old.catalog ?? null, binary.catalog ?? null) !== null)
      note(`QEMU ${nameBinary(binary)} at ${path} is another build`);
  }
  for (const [path, binary] of earlier) if (!later.has(path)) note(`QEMU ${nameBinary(binary)} at ${path} is gone`);
  return drafts;
}

function draftLayers(sides: Sides): LayerDraft[] {
  const { before, after } = sides;
  const drafts: LayerDraft[] = [];
  const note = (cause: ChangeCause, what: string, difference: string | null): void => {
    if (difference !== null) drafts.push({ cause, summary: `${what} ${difference}` });
  };
  note('hardware', 'CPU', changed(cpuOf(before), cpuOf(after)));
  note('microcode', 'microcode', changed(microcodeOf(before.snapshot), microcodeOf(after.snapshot)));
  note('kernel', 'kernel', changed(kernelOf(before.snapshot), kernelOf(after.snapshot)));
  return [...drafts, ...draftParameters(sides), ...draftSight(sides), ...draftBinaries(sides)];
}

/**
 * Parameters of the KVM modules that switch features, and which.
 * Source: Linux, Documentation/admin-guide/kernel-parameters.txt, kvm-intel.nested, kvm-amd.nested, kvm.enable_pmu
 */
const switches: Readonly<Record<string, (change: FeatureChange) => boolean>> = {
  nested: ({ name, wordKey }) =>
    name === 'svm' || name === 'vmx' || name.startsWith('vmx-') || wordKey === '8000000a.EDX',
  enable_pmu: ({ name, wordKey }) =>
    wordKey === 'msr.345' || name === 'pdcm' || name === 'arch-lbr' || name.startsWith('perfctr'),
};

/** Which of the changes brought a feature or took it; -1: none of them explains it. */
function explainedBy(change: FeatureChange, drafts: readonly LayerDraft[], sides: Sides): number {
  const find = (...causes: ChangeCause[]): number => drafts.findIndex(({ cause }) => causes.includes(cause));
  const first = (...found: number[]): number => found.find((at) => at >= 0) ?? -1;
  if (change.siliconTurn !== null) return first(find('hardware'), find('microcode'));
  const switched = drafts.findIndex(
    ({ parameter }) => parameter !== undefined && switches[parameter]?.(change) === true,
  );
  const isOtherCpu = drafts.some(({ cause, summary }) => cause === 'hardware' && summary.startsWith('CPU '));
  const isSiliconKnown = sides.before.facts.silicon !== null && sides.after.facts.silicon !== null;
  const bySilicon = isOtherCpu ? find('hardware') : isSiliconKnown ? -1 : find('microcode');
  return first(switched, bySilicon, find('kernel'), find('module-parameter'), find('microcode'));
}

/** What stands for changes that nothing in the snapshot explains. */
const unexplained: Readonly<Record<'silicon' | 'kvm', LayerDraft>> = {
  silicon: { cause: 'hardware', summary: 'the CPU shows other features: firmware settings, or the hypervisor below' },
  kvm: { cause: 'kernel', summary: 'KVM offers other features under the same kernel' },
};

export interface ComparedLayers {
  readonly changes: readonly LayerChange[];
  /** The cause of each feature that came or went. */
  readonly causeOf: ReadonlyMap<string, ChangeCause>;
}

/**
 * What changed from one look at a host to the next, layer by layer, with the features that each change brought or took.
 * Features are those of the later QEMU.
 * @throws SNAPSHOT_INVALID
 */
export function compareLayers(a: ResolveContext, b: ResolveContext): ComparedLayers {
  const sides = { before: createContext(b.index, a.snapshot), after: b };
  const drafts = draftLayers(sides);
  const byDraft = new Map<LayerDraft, FeatureChange[]>(drafts.map((draft) => [draft, []]));
  const causeOf = new Map<string, ChangeCause>();
  for (const change of listFeatureChanges(sides)) {
    const at = explainedBy(change, drafts, sides);
    const draft = drafts[at] ?? unexplained[change.siliconTurn === null ? 'kvm' : 'silicon'];
    byDraft.set(draft, [...(byDraft.get(draft) ?? []), change]);
    causeOf.set(change.name, draft.cause);
  }
  const changes = [...byDraft].map(([{ cause, summary }, features]): LayerChange => {
    const named = (turn: FeatureChange['turn']): string[] =>
      features.filter((feature) => (feature.turn ?? feature.siliconTurn) === turn).map(({ name }) => name);
    return { cause, summary, gained: named('gained'), lost: named('lost'), untold: named('untold') };
  });
  const order = ({ cause }: LayerChange): number => changeCauses.indexOf(cause);
  return { changes: changes.sort((x, y) => order(x) - order(y)), causeOf };
}
