import { hasAll, matchesSignature, namesOf, type IndexedModel, type LibvirtMapIndex } from './cpu-map.ts';
import {
  disableRemoved,
  failure,
  type LibvirtCpu,
  type LibvirtCpuFeature,
  type LibvirtError,
} from './cpu-definition.ts';
import { libvirtHolds } from './libvirt-rules.ts';

/** Family, model and stepping as CPUID leaf 1 tells them. */
export interface CpuSignature {
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
}

/** A model as the hypervisor offers it. */
export interface OfferedModel {
  readonly name: string;
  /** Features, in libvirt's names, that keep it from being usable. */
  readonly blockers: readonly string[];
}

/** What is to be described by a model and a list of features. */
export interface DecodeInput {
  readonly kind: 'host' | 'guest';
  readonly bits: bigint;
  /** Name of the vendor in the map; null: none. */
  readonly vendor: string | null;
  readonly signature: CpuSignature | null;
  /** Models that the hypervisor has; null: all of the map. */
  readonly offered: readonly OfferedModel[] | null;
  /** Models that the input named. */
  readonly preferred: readonly string[];
  /** Leave out what is not migratable. */
  readonly migratable: boolean;
  /** Whether another model may stand in for a preferred one that the hypervisor lacks. */
  readonly fallback: 'allow' | 'forbid';
}

/** The model that libvirt would choose, and how it came to it. */
export interface DecodedCpu {
  readonly outcome: 'ok';
  readonly cpu: LibvirtCpu & { readonly model: string };
  /** The libvirt release whose way of choosing this is. */
  readonly scoredAs: string;
  /** Extra features plus what the disabled ones cost; smaller is better. */
  readonly score: number;
  readonly disabledScore: number;
}

interface Candidate {
  readonly model: IndexedModel;
  readonly features: readonly LibvirtCpuFeature[];
  readonly score: number;
  readonly disabledScore: number;
}

/** Haswells whose TSX does not work. Source: recorded hosts; Intel specification updates HSD136, HSE44 */
function hasBrokenTsx({ vendor, signature }: DecodeInput): boolean {
  if (vendor !== 'Intel' || signature?.family !== 6) return false;
  const { model, stepping } = signature;
  return model === 60 || model === 69 || model === 70 || (model === 63 && stepping < 4);
}

function withoutTsx(index: LibvirtMapIndex, bits: bigint): bigint {
  return ['hle', 'rtm'].reduce((left, name) => left & ~(index.featureByName.get(name)?.bits ?? 0n), bits);
}

/** The first disabled feature costs 2, the next 3, and so on. */
const baseCost = 2;

/**
 * What a list of features costs. libvirt shortens the list that it walks by each disabled feature that it meets, so that
 * of disabled features at the end only every other one counts; the answer is libvirt's only if that is done, too.
 * Source: libvirt 9.0 and 11.3, recorded best models
 */
function scoreOf(features: readonly LibvirtCpuFeature[], release: string): { score: number; disabledScore: number } {
  if (!libvirtHolds('disabledFeaturesCost', release)) return { score: features.length, disabledScore: 0 };
  let enabled = features.length;
  let disabledScore = 0;
  let cost = baseCost;
  for (let i = 0; i < enabled; i++) {
    if (features[i].policy !== 'disable') continue;
    enabled--;
    disabledScore += cost++;
  }
  return { score: enabled + disabledScore, disabledScore };
}

/** A CPU described by one model: what it has beyond it, and what the model has beyond the CPU. */
function describeBy(
  index: LibvirtMapIndex,
  bits: bigint,
  model: IndexedModel,
  blockers: readonly string[],
  kind: DecodeInput['kind'],
): readonly LibvirtCpuFeature[] {
  const extra = bits & ~model.bits;
  let lacking = model.bits & ~bits;
  const newer = libvirtHolds('blockersDisabled', index.map.release);
  for (const name of newer ? blockers : []) {
    const feature = index.featureByName.get(name);
    if (feature !== undefined && !hasAll(extra, feature.bits)) lacking |= feature.bits;
  }
  const features: LibvirtCpuFeature[] = [
    ...namesOf(index, extra).map((name) => ({ name, policy: 'require' as const })),
    ...namesOf(index, lacking).map((name) => ({ name, policy: 'disable' as const })),
  ];
  return kind === 'guest' && newer ? disableRemoved(features, model.removed) : features;
}

function isBetter(candidate: Candidate, best: Candidate, input: DecodeInput, prefers: boolean): boolean {
  if (input.signature !== null) {
    const [own, known] = [candidate, best].map(
      ({ model }) => input.signature !== null && matchesSignature(model.signatures, input.signature),
    );
    if (own !== known) return own;
  }
  if (candidate.score !== best.score && candidate.score < best.score) return true;
  if (candidate.score === best.score && candidate.disabledScore < best.disabledScore) return true;
  return prefers && input.preferred.includes(candidate.model.name) && candidate.disabledScore < best.disabledScore;
}

/** The blockers of a model that may be used; null where it is out of the question. */
function admit(input: DecodeInput, model: IndexedModel): readonly string[] | null {
  if (input.vendor !== null && model.vendor !== null && model.vendor !== input.vendor) return null;
  if (!model.decode[input.kind]) return null;
  if (input.offered === null) return [];
  return input.offered.find(({ name }) => name === model.name)?.blockers ?? null;
}

/**
 * The closest model: libvirt's answer to "which of my models is this CPU". Models are tried from the newest to the
 * oldest; a model whose signature is the CPU's own beats one whose is not; then the lower score wins.
 */
export function decodeCpu(index: LibvirtMapIndex, input: DecodeInput): DecodedCpu | LibvirtError {
  const { release } = index.map;
  const prefers = libvirtHolds('inputModelsPreferred', release);
  const [onlyPreferred = null] = input.preferred.length === 1 ? input.preferred : [];
  const bits = hasBrokenTsx(input) ? withoutTsx(index, input.bits) : input.bits;
  if (onlyPreferred !== null && input.fallback === 'forbid' && isWithheld(input, onlyPreferred))
    return failure(`the hypervisor has no CPU model ${onlyPreferred}`);
  let best: Candidate | null = null;
  for (const model of [...index.models].reverse()) {
    const blockers = admit(input, model);
    if (blockers === null) continue;
    const features = describeBy(index, bits, model, blockers, input.kind);
    // A host is never described by a model that has more than it.
    if (input.kind === 'host' && features.some(({ policy }) => policy === 'disable')) continue;
    const candidate = { model, features, ...scoreOf(features, release) };
    if (model.name === onlyPreferred) {
      best = candidate;
      break;
    }
    if (best === null || isBetter(candidate, best, input, prefers)) best = candidate;
  }
  if (best === null) return failure('no model of libvirt fits');
  return finish(index, input, best);
}

function isWithheld({ offered }: DecodeInput, name: string): boolean {
  return offered !== null && !offered.some((model) => model.name === name);
}

function finish(index: LibvirtMapIndex, input: DecodeInput, best: Candidate): DecodedCpu {
  const kept = best.features.filter(
    ({ name }) => !input.migratable || index.featureByName.get(name)?.isMigratable !== false,
  );
  const features = input.kind === 'host' ? kept.map(({ name }) => ({ name })) : kept;
  return {
    outcome: 'ok',
    cpu: {
      kind: input.kind,
      ...(input.kind === 'guest' ? { mode: 'custom' as const, match: 'exact' as const } : {}),
      model: best.model.name,
      ...(input.vendor === null ? {} : { vendor: input.vendor }),
      features,
    },
    scoredAs: index.map.release,
    score: best.score,
    disabledScore: best.disabledScore,
  };
}
