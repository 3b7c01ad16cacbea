import type { PropertyValues } from '../catalog/catalog.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { Cell } from './locate-cell.ts';
import type { ResolveContext } from './context.ts';
import { amd, intel } from './vendors.ts';
import { raisedLevels } from './levels.ts';
import type { Accelerator, LevelRaise, ResolvedProperties } from './resolution.ts';
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
  const isShown1f = vendor === intel || properties['x-vendor-cpuid-only'] === false;
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

/** Microcode revision that a guest is told when nobody says. Source: KVM's own defaults; QEMU 7.2 to 11.1, ucode-rev */
const defaultMicrocode = { amd: 0x01000065, others: 0x100000000 };

/** Families below this one have no extended model. Source: Intel SDM vol. 2A, CPUID, leaf 01H EAX */
const firstExtendedFamily = 6;

type Identity = Pick<
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
>;

/** `is64Bit`: the user wrote `lm=on`, which `max` looks for when nobody gave it a family. */
export function resolveIdentity(
  { index }: ResolveContext,
  properties: PropertyValues,
  vendor: string | null,
  { isMax, is64Bit }: { readonly isMax: boolean; readonly is64Bit: boolean },
): Identity {
  const own = number(properties, 'ucode-rev');
  const microcode = vendor === null ? null : vendor === amd ? defaultMicrocode.amd : defaultMicrocode.others;
  // Source: QEMU 10.0 and 11.1, family, model and stepping of `-cpu max` under TCG
  const isUnset = isMax && number(properties, 'family') === 0;
  const given = [number(properties, 'family'), number(properties, 'model'), number(properties, 'stepping')];
  const [family, model, stepping] = isUnset ? (is64Bit ? [15, 107, 1] : [6, 6, 3]) : given;
  const isShort = family < firstExtendedFamily && holds('extendedModelByFamily', index.release);
  return {
    family,
    model: isShort ? model & 0xf : model,
    stepping,
    vendor: vendor ?? '',
    'model-id': text(properties, 'model-id'),
    'ucode-rev': own === 0 ? microcode : own,
    pmu: properties.pmu === true,
    'host-phys-bits': properties['host-phys-bits'] === true,
    'host-phys-bits-limit': number(properties, 'host-phys-bits-limit'),
  };
}
