import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { Cell } from './locate-cell.ts';
import type { ResolveContext } from './context.ts';
import { amd, type Words } from './compute-words.ts';
import { hasFeature } from './feature-words.ts';
import { raisedLevels } from './levels.ts';
import type { Accelerator, LevelRaise, Refusal, ResolvedProperties } from './resolution.ts';
import { holds } from './rules.ts';

type Values = Record<string, boolean | number | string>;

/** What a CPU has before the user sets anything, with what KVM takes from the host. */
export interface HostProperties {
  /** Everything but the vendor. */
  readonly properties: PropertyValues;
  /** null: the host's, which is not known. */
  readonly vendor: string | null;
  /** Names of properties whose value the host decides and that are not known. */
  readonly unknowns: readonly string[];
}

/**
 * Gives a CPU the properties that KVM takes from the host: the vendor always, the rest of its identity and its levels
 * for `host` and `max`. A user's own setting, applied later, wins.
 */
export function applyHostIdentity(
  context: ResolveContext,
  cell: Cell,
  accel: Accelerator,
  start: PropertyValues,
): HostProperties {
  if (accel !== 'kvm') return { properties: start, vendor: text(start, 'vendor'), unknowns: [] };
  const { facts, index } = context;
  const vendor = cell.kind === 'base' && !holds('baseGetsHostVendor', index.release) ? '' : facts.vendor;
  const unknowns = vendor === null ? ['vendor'] : [];
  if (cell.kind !== 'host' && cell.kind !== 'max') return { properties: start, vendor, unknowns };
  const whole = hostProperties(context);
  return { properties: { ...start, ...whole.properties }, vendor, unknowns: [...unknowns, ...whole.unknowns] };
}

/** What `host` and `max` take from the host. */
function hostProperties(context: ResolveContext): Pick<HostProperties, 'properties' | 'unknowns'> {
  const { facts } = context;
  const values: Values = { 'host-phys-bits': true, 'ucode-rev': Number(facts.kvm?.featureMsrs.get(0x8b) ?? 0n) };
  const unknowns: string[] = [];
  const set = (name: string, value: number | string | null): void => {
    if (value === null) unknowns.push(name);
    else values[name] = value;
  };
  for (const name of ['family', 'model', 'stepping'] as const) set(name, facts.signature?.[name] ?? null);
  set('model-id', facts.brand);
  const supported = facts.kvm?.supported ?? null;
  const levels = [
    ['min-level', 0],
    ['min-xlevel', 0x80000000],
    ['min-xlevel2', 0xc0000000],
  ] as const;
  for (const [name, leaf] of levels)
    set(name, observedNumber(context, name) ?? (supported && (supported.get(leaf)?.EAX ?? 0)));
  return { properties: values, unknowns };
}

function observedNumber({ facts }: ResolveContext, name: string): number | null {
  if (facts.kvm) return null;
  const value = facts.observed.kvm?.host?.[name];
  return typeof value === 'number' ? value : null;
}

const number = (values: PropertyValues, name: string): number => (typeof values[name] === 'number' ? values[name] : 0);
const text = (values: PropertyValues, name: string): string => (typeof values[name] === 'string' ? values[name] : '');

/** Levels after the features raised them. */
export interface ResolvedLevels {
  readonly values: Pick<
    ResolvedProperties,
    'level' | 'min-level' | 'xlevel' | 'min-xlevel' | 'xlevel2' | 'min-xlevel2'
  >;
  readonly raises: readonly LevelRaise[];
}

/** `-smp` with more than one die or module a package brings leaf 1FH on Intel CPUs. */
export interface LevelInput {
  readonly requested: FeatureSet;
  readonly properties: PropertyValues;
  readonly vendor: string;
  readonly hasExtendedTopology: boolean;
}

export function resolveLevels({ index }: ResolveContext, input: LevelInput): ResolvedLevels {
  const { properties, vendor } = input;
  const raised = raisedLevels(index, input.requested, properties);
  const isShown1f = vendor === 'GenuineIntel' || properties['x-vendor-cpuid-only'] === false;
  const needs1f = isShown1f && (input.hasExtendedTopology || properties['x-force-cpuid-0x1f'] === true);
  const least = {
    level: Math.max(
      number(properties, 'min-level'),
      raised.level,
      needs1f && properties['full-cpuid-auto-level'] !== false ? 0x1f : 0,
    ),
    xlevel: Math.max(number(properties, 'min-xlevel'), raised.xlevel),
    xlevel2: Math.max(number(properties, 'min-xlevel2'), raised.xlevel2),
  };
  const fixed = (name: 'level' | 'xlevel' | 'xlevel2'): number => {
    const value = properties[name];
    return typeof value === 'number' && value !== 0xffffffff ? value : least[name];
  };
  return {
    values: {
      level: fixed('level'),
      'min-level': least.level,
      xlevel: fixed('xlevel'),
      'min-xlevel': least.xlevel,
      xlevel2: fixed('xlevel2'),
      'min-xlevel2': least.xlevel2,
    },
    raises: raised.raises.filter(({ level, to }) => to > number(properties, `min-${level}`) && to === least[level]),
  };
}

/** Address sizes: what the guest is told, or why QEMU does not start. */
export interface AddressBits {
  readonly physBits: number | null;
  readonly guestPhysBits: number | null;
  readonly warnings: readonly string[];
  readonly refusal: Refusal | null;
}

/** Bits of a 64-bit CPU when nobody says. Source: QEMU 7.2 to 11.1, phys-bits of every TCG model with lm */
const defaultPhysBits = 40;
/** Source: QEMU 7.2 to 11.1, error text of phys-bits */
const widestPhysBits = 52;

function usage(message: string, remedy: string): Refusal {
  return { by: 'usage', message, remedy };
}

const notIn32Bits = (name: string): Refusal => usage(`${name} is not user-configurable in 32 bit`, `leave ${name} out`);

/** What somebody set guest-phys-bits to; -1: nobody did. */
function askedGuestBits(properties: PropertyValues): number {
  const asked = properties['guest-phys-bits'];
  return typeof asked === 'number' && asked !== 0xffffffff ? asked : -1;
}

/** Physical address bits of the host CPU: leaf 80000008H EAX[7:0], or 36 where that leaf is missing. */
function hostPhysBits({ facts }: ResolveContext): number | null {
  const { silicon } = facts;
  if (silicon === null) return null;
  const leaf = (silicon.get(0x80000000)?.EAX ?? 0) >= 0x80000008 ? silicon.get(0x80000008) : null;
  return leaf ? leaf.EAX & 0xff : 36;
}

export function resolveAddressBits(
  context: ResolveContext,
  accel: Accelerator,
  { effective, undecided }: Pick<Words, 'effective' | 'undecided'>,
  properties: PropertyValues,
): AddressBits {
  const { index } = context;
  const has = (name: string): boolean => hasFeature(index, effective, name);
  if (hasFeature(index, undecided, 'lm')) return { physBits: null, guestPhysBits: null, warnings: [], refusal: null };
  const hasGuestBits = index.otherProperties.has('guest-phys-bits');
  const asked = number(properties, 'phys-bits');
  if (!has('lm')) {
    const none = { warnings: [], guestPhysBits: hasGuestBits ? 0 : null };
    if (asked !== 0) return { ...none, physBits: null, refusal: notIn32Bits('phys-bits') };
    if (askedGuestBits(properties) > 0) return { ...none, physBits: null, refusal: notIn32Bits('guest-phys-bits') };
    const widening = holds('paeWidensPhysBits', index.release) ? ['pse36', 'pae'] : ['pse36'];
    if (widening.some(has)) return { ...none, physBits: 36, refusal: null };
    const isOpen = widening.some((name) => hasFeature(index, undecided, name));
    return { ...none, physBits: isOpen ? null : 32, refusal: null };
  }
  const host = accel === 'kvm' ? hostPhysBits(context) : null;
  const { physBits, warnings } =
    accel === 'kvm' ? kvmPhysBits(properties, asked, host) : { physBits: asked, warnings: [] };
  if (physBits === null) return { physBits: null, guestPhysBits: null, warnings, refusal: null };
  const outside = physBitsOutside(index, physBits);
  if (outside) return { physBits: null, guestPhysBits: null, warnings, refusal: outside };
  const resolved = physBits === 0 ? defaultPhysBits : physBits;
  const guest = hasGuestBits ? guestPhysBits(context, accel, properties, resolved) : null;
  if (guest !== null && guest !== 0 && (guest > resolved || guest < 32)) {
    const message = `guest-phys-bits should be between 32 and ${resolved}  (but is ${guest})`;
    return {
      physBits: resolved,
      guestPhysBits: null,
      warnings,
      refusal: usage(message, `give guest-phys-bits from 32 to ${resolved}`),
    };
  }
  return { physBits: resolved, guestPhysBits: guest, warnings, refusal: null };
}

function physBitsOutside(index: CatalogIndex, physBits: number): Refusal | null {
  if (physBits === 0) return null;
  const isUnlimited = holds('physBitsUnlimited', index.release);
  if (physBits >= 32 && (isUnlimited || physBits <= widestPhysBits)) return null;
  const range = isUnlimited ? 'at least 32' : `between 32 and ${widestPhysBits} `;
  return usage(`phys-bits should be ${range} (but is ${physBits})`, `give phys-bits from 32 to ${widestPhysBits}`);
}

function kvmPhysBits(
  properties: PropertyValues,
  asked: number,
  host: number | null,
): { physBits: number | null; warnings: string[] } {
  const warnings =
    host !== null && asked !== host && asked !== 0
      ? [`warning: Host physical bits (${host}) does not match phys-bits property (${asked})`]
      : [];
  if (properties['host-phys-bits'] !== true) return { physBits: asked, warnings };
  const limit = number(properties, 'host-phys-bits-limit');
  return { physBits: host === null ? null : limit > 0 ? Math.min(host, limit) : host, warnings };
}

function guestPhysBits(
  context: ResolveContext,
  accel: Accelerator,
  properties: PropertyValues,
  physBits: number,
): number | null {
  const asked = askedGuestBits(properties);
  if (asked >= 0) return asked;
  if (accel !== 'kvm') return 0;
  if (!context.facts.kvm) return null;
  const offered = ((context.facts.kvm.supported.get(0x80000008)?.EAX ?? 0) >>> 16) & 0xff;
  if (offered === 0) return 0;
  const limit = properties['host-phys-bits'] === true ? number(properties, 'host-phys-bits-limit') : 0;
  return Math.min(offered, physBits, limit > 0 ? limit : physBits);
}

/** Microcode revision that a guest is told when nobody says. Source: KVM's own defaults; QEMU 7.2 to 11.1, ucode-rev */
const defaultMicrocode = { amd: 0x01000065, others: 0x100000000 };

export function resolveIdentity(
  properties: PropertyValues,
  vendor: string | null,
  isMax: boolean,
  is64Bit: boolean,
): Pick<
  ResolvedProperties,
  | 'family'
  | 'model'
  | 'stepping'
  | 'vendor'
  | 'model-id'
  | 'ucode-rev'
  | 'pmu'
  | 'host-phys-bits'
  | 'host-phys-bits-limit'
> {
  const own = number(properties, 'ucode-rev');
  const microcode = vendor === null ? null : vendor === amd ? defaultMicrocode.amd : defaultMicrocode.others;
  // Source: QEMU 10.0 and 11.1, family, model and stepping of `-cpu max` under TCG
  const unset = isMax && number(properties, 'family') === 0;
  const signature = unset ? (is64Bit ? [15, 107, 1] : [6, 6, 3]) : null;
  return {
    family: signature?.[0] ?? number(properties, 'family'),
    model: signature?.[1] ?? number(properties, 'model'),
    stepping: signature?.[2] ?? number(properties, 'stepping'),
    vendor: vendor ?? '',
    'model-id': text(properties, 'model-id'),
    'ucode-rev': own === 0 ? microcode : own,
    pmu: properties.pmu === true,
    'host-phys-bits': properties['host-phys-bits'] === true,
    'host-phys-bits-limit': number(properties, 'host-phys-bits-limit'),
  };
}
