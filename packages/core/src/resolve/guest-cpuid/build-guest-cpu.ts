import type { CatalogIndex } from '../../catalog/catalog-index.ts';
import type { FeatureSet } from '../../x86/word-layout.ts';
import type { CpuidTable } from '../../x86/registers.ts';
import { avx10Shortfall } from '../avx10.ts';
import type { ResolveContext } from '../context.ts';
import type { Cell } from '../locate-cell.ts';
import type { Resolution, ResolutionRequest } from '../resolution.ts';
import { resolveCell, type ResolvedCell } from '../resolve.ts';
import { placeOfCpu } from '../topology.ts';
import { amdAliasMask } from '../kvm-cpuid.ts';
import { amd } from '../vendors.ts';
import { known, notKnown, unknownRegisters, zeros, type Bits, type Registers } from './bits.ts';
import { legacyCaches, type CacheSet, type ModelCaches } from './caches.ts';
import type { Avx10, GuestCpu, ShownCaches } from './guest-cpu.ts';
import { ownCachesOf, type OwnCaches } from './model-caches.ts';

/** What is told of a QEMU and its host beside their catalog and snapshot. */
export interface GuestCpuidSources {
  /** Caches of the models of this very QEMU, see `harvestModelCaches`. */
  readonly modelCaches?: ModelCaches | undefined;
  /** What KVM_GET_SUPPORTED_HV_CPUID answers on this host. */
  readonly hyperV?: CpuidTable | undefined;
}

/** A CPU and what it was built from. */
export interface BuiltCpu {
  readonly cpu: GuestCpu;
  readonly resolution: Resolution;
  readonly assumptions: readonly string[];
}

interface Build {
  readonly context: ResolveContext;
  readonly request: ResolutionRequest;
  readonly vcpu: number;
  readonly sources: GuestCpuidSources;
  /** The kind of CPU of the host on which QEMU runs. */
  readonly silicon: CpuidTable | null;
  readonly canHyperV: boolean;
}

/** Builds one vCPU of a cell. @throws as {@link resolveCell} */
export function buildGuestCpu(build: Build): BuiltCpu {
  const { context, request, vcpu, sources, silicon, canHyperV } = build;
  const cell = resolveCell(context, request);
  const { index, facts } = context;
  const { configured, words, topology, resolution } = cell;
  const { properties } = configured;
  const isKvm = request.accel === 'kvm';
  const { caches, assumptions } = chooseCaches(context, cell, sources.modelCaches);
  const word = wordReader(context, words.effective, words.undecided);
  const supports = wordReader(context, cell.support.supported, cell.support.unknown);
  const isIn = (read: (lane: number) => Bits, name: string): boolean | null => {
    const location = index.features.get(name);
    if (!location) return false;
    const bits = read(location.lane);
    if ((bits.ones & location.mask) !== 0) return true;
    return (bits.unknown & location.mask) !== 0 ? null : false;
  };
  const wordOf = (key: string): Bits => word(index.layout.laneOfKey.get(key));
  // On AMD some bits repeat those of leaf 1, also in not being known.
  const mirrored = (): Bits => {
    const { ones, unknown } = wordOf('80000001.EDX');
    const open = (unknown | (wordOf('1.EDX').unknown & amdAliasMask)) >>> 0;
    return { ones: (ones & ~open) >>> 0, unknown: open };
  };
  const cpu: GuestCpu = {
    release: index.release,
    isKvm,
    vendor: resolution.vendor,
    properties,
    word: (key) => (key === '80000001.EDX' && resolution.vendor === amd ? mirrored() : wordOf(key)),
    knowsWord: (key) => index.layout.laneOfKey.has(key),
    knowsFeature: (name) => index.features.has(name),
    supportedWord: (key) => supports(index.layout.laneOfKey.get(key)),
    has: (name) => isIn(word, name),
    isSupported: (name) => isIn(supports, name),
    supported: (leaf, subleaf) => (isKvm ? supportedLeaf(context, leaf, subleaf) : zeros),
    level: resolution.level,
    minLevel: resolution.properties['min-level'],
    xlevel: resolution.xlevel,
    xlevel2: resolution.xlevel2,
    areLevelsOpen: cell.unknownProperties.some((name) => name.startsWith('min-')),
    level7: highestSubleaf7(cell, context),
    signature: signatureOf(cell),
    brand: cell.unknownProperties.includes('model-id') ? null : textOf(properties['model-id']),
    physBits: resolution.properties['phys-bits'],
    guestPhysBits: resolution.properties['guest-phys-bits'],
    avx10: avx10Of(context, request, cell),
    topology: topology.topology,
    place: placeOfCpu(topology.topology, vcpu),
    caches,
    facts,
    silicon,
    canHyperV,
    hyperV: sources.hyperV ?? null,
  };
  return { cpu, resolution, assumptions };
}

function wordReader(
  { index }: ResolveContext,
  ones: FeatureSet,
  unknown: FeatureSet,
): (lane: number | undefined) => Bits {
  return (lane) =>
    lane === undefined || lane >= index.layout.laneCount
      ? known(0)
      : { ones: ones[lane], unknown: (unknown[lane] & ~ones[lane]) >>> 0 };
}

function supportedLeaf({ facts }: ResolveContext, leaf: number, subleaf: number): Registers {
  if (facts.kvm === null) return unknownRegisters('what KVM offers in this leaf was not observed');
  const answer = facts.kvm.supported.get(leaf, subleaf);
  if (answer === null) return zeros;
  return { eax: known(answer.EAX), ebx: known(answer.EBX), ecx: known(answer.ECX), edx: known(answer.EDX) };
}

/** A number property; the types of properties come from a catalog. */
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const nobodySaid = 0xffffffff;

/** Highest subleaf of leaf 7: what the user says, else the last that any asked-for feature lies in. */
function highestSubleaf7({ configured, words }: ResolvedCell, { index }: ResolveContext): number {
  const asked = configured.properties['level-func7'];
  if (typeof asked === 'number' && asked !== nobodySaid && configured.named.has('level-func7')) return asked;
  if (configured.properties['full-cpuid-auto-level'] === false) return 0;
  return index.layout.words.reduce((highest, word, i) => {
    const isAsked = words.requested[index.layout.laneOfWord[i]] !== 0;
    return word.kind === 'cpuid' && word.leaf === 7 && isAsked ? Math.max(highest, word.subleaf ?? 0) : highest;
  }, 0);
}

const baseFamilies = 0xf;

/** EAX of leaf 1. Source: Intel SDM vol. 2A, CPUID, leaf 01H EAX */
function signatureOf({ configured, unknownProperties, resolution }: ResolvedCell): Bits {
  const parts = ['family', 'model', 'stepping'] as const;
  if (parts.some((name) => unknownProperties.includes(name))) return notKnown();
  const { properties } = configured;
  const isSet = numberOf(properties.family) !== 0 || configured.named.has('family');
  // `max` without a host has a family that nobody set, see the resolution.
  const from = isSet ? properties : resolution.properties;
  const [family, model, stepping] = parts.map((name) => numberOf(from[name]));
  const base = family > baseFamilies ? 0xf00 | ((family - baseFamilies) << 20) : family << 8;
  return known(base | ((model & 0xf) << 4) | ((model >> 4) << 16) | stepping);
}

/** Version of AVX10 that came with a second subleaf. Source: Intel AVX10.2 specification, leaf 24H; QEMU 11.1 runs */
const twoSubleavesFrom = 2;

function avx10Of(context: ResolveContext, request: ResolutionRequest, cell: ResolvedCell): Avx10 {
  const { kvm } = context.facts;
  const { properties } = cell.configured;
  const isMax = cell.cell.kind === 'host' || cell.cell.kind === 'max';
  const asked = numberOf(properties['avx10-version']);
  const offered = kvm ? (kvm.supported.get(0x24)?.EBX ?? 0) & 0xff : null;
  const wanted = asked === 0 && isMax && request.accel === 'kvm' ? offered : asked;
  const knowsSubleaf = context.index.layout.laneOfKey.has('24.1.ECX');
  const highestSubleaf = wanted === null ? null : knowsSubleaf && wanted >= twoSubleavesFrom ? 1 : 0;
  if (wanted !== asked) return { version: wanted, highestSubleaf };
  const shortfall = avx10Shortfall(context, request.accel, cell.words, properties);
  if (shortfall.kind === 'unknown') return { version: null, highestSubleaf };
  return { version: shortfall.kind === 'lacks' ? (shortfall.offered ?? asked) : asked, highestSubleaf };
}

interface ChosenCaches {
  readonly caches: ShownCaches;
  readonly assumptions: readonly string[];
}

function chooseCaches(
  { index }: ResolveContext,
  { cell, configured, resolution }: ResolvedCell,
  harvested: ModelCaches | undefined,
): ChosenCaches {
  const { properties } = configured;
  if (properties['legacy-cache'] !== false)
    return { caches: legacyChoice(properties, resolution.vendor), assumptions: [] };
  const versions = versionsOf(index, cell);
  const model = versions.find((name) => ownCachesOf(name, harvested).kind !== 'unknown') ?? versions[0];
  const own = ownCachesOf(model, harvested);
  const set = own.kind === 'unknown' ? null : own.caches;
  return { caches: { leaf2: set, leaf4: set, amd: set, amdTopology: set }, assumptions: assumedCaches(model, own) };
}

/**
 * The versions that a name may stand for, the likeliest first. Machine types without versions, such as isapc, have no
 * aliases: there a family's name is its first version, but one like EPYC-IBPB is what it is everywhere else.
 */
function versionsOf({ catalog }: CatalogIndex, { accelerator, group, model }: Cell): string[] {
  const { aliases } = accelerator.source;
  const own = aliases[group][model];
  const others = new Set(aliases.map((targets) => targets[model]).filter((target) => target >= 0));
  const targets = own >= 0 ? [own] : [model, ...(others.size === 1 ? others : [])];
  return targets.map((target) => catalog.models[target].name);
}

function assumedCaches(model: string, own: OwnCaches): string[] {
  if (own.kind !== 'assumed') return [];
  return [`${model} has the caches of ${own.like}, the last version of the family that is known`];
}

/** Which of the three old sets each leaf shows; later releases let the vendor decide. */
function legacyChoice(properties: Readonly<Record<string, unknown>>, vendor: string): ShownCaches {
  const vendors: CacheSet = vendor === amd ? legacyCaches.amd : legacyCaches.intel;
  const isByVendor = properties['x-vendor-cpuid-only-v2'] === true;
  const knowsVendors = properties['x-vendor-cpuid-only-v2'] !== undefined;
  const leaf4 = isByVendor ? vendors : legacyCaches.intel;
  return {
    leaf2: properties['x-consistent-cache'] === true ? leaf4 : legacyCaches.leaf2,
    leaf4,
    amd: isByVendor ? vendors : legacyCaches.amd,
    amdTopology: knowsVendors ? vendors : legacyCaches.amd,
  };
}
