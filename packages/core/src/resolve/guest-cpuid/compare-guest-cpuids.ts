import { registerNames, type RegisterName } from './bits.ts';
import { entryFlags } from './collect-entries.ts';
import { fieldsOf, maskOf, showField } from './cpuid-fields.ts';
import type { GuestCpuidEntry } from './guest-cpuid.ts';

/**
 * abi: a guest would see the change. recomputed: KVM replaces the value as the guest runs, so that it does not come from
 * here. unknown: one side does not know these bits.
 */
export type DifferenceKind = 'abi' | 'recomputed' | 'unknown';

export interface GuestCpuidDifference {
  readonly leaf: number;
  readonly subleaf: number;
  readonly register: RegisterName;
  readonly kind: DifferenceKind;
  /** Bits of the register that differ, or that are not known. */
  readonly bits: number;
  readonly first: number;
  readonly second: number;
  /** Fields that these bits lie in, with both values: `APIC ids that share the cache: 4, 8`. */
  readonly fields: readonly string[];
}

/** `unknown`: no known bit differs, but not all are known. */
export interface GuestCpuidComparison {
  readonly verdict: 'equal' | 'different' | 'unknown';
  readonly differences: readonly GuestCpuidDifference[];
}

/** A CPUID, computed or captured. */
export interface ComparedCpuid {
  readonly entries: readonly GuestCpuidEntry[];
  /** false: there may be entries that are not in the list. */
  readonly isComplete: boolean;
}

type Entries = ComparedCpuid['entries'];

const isIndexed = ({ flags }: GuestCpuidEntry): boolean => (flags & entryFlags.significantIndex) !== 0;

interface Place {
  readonly leaf: number;
  readonly subleaf: number;
}

const keyOf = ({ leaf, subleaf }: Place): string => `${leaf}/${subleaf}`;

function byPlace(entries: Entries): Map<string, GuestCpuidEntry> {
  return new Map(
    entries.map((entry) => [keyOf({ leaf: entry.leaf, subleaf: isIndexed(entry) ? entry.subleaf : 0 }), entry]),
  );
}

/** KVM writes these two itself. Source: Linux arch/x86/kvm/cpuid.c, sizes of the XSAVE area for what is enabled */
function isRecomputed({ leaf, subleaf }: Place, register: RegisterName): boolean {
  return leaf === 0xd && subleaf < 2 && register === 'ebx';
}

/**
 * Compares what two guests see: all of it has to stay as it is while a guest runs, through every migration. An entry that
 * is missing is one of zeros; order and flags are no matter of the guest.
 */
export function compareGuestCpuids(first: ComparedCpuid, second: ComparedCpuid): GuestCpuidComparison {
  const [a, b] = [byPlace(first.entries), byPlace(second.entries)];
  const places = [...new Set([...a.keys(), ...b.keys()])].map((key): Place => {
    const [leaf, subleaf] = key.split('/').map(Number);
    return { leaf, subleaf };
  });
  places.sort((x, y) => x.leaf - y.leaf || x.subleaf - y.subleaf);
  const differences = places.flatMap((place) => {
    const [x, y] = [a.get(keyOf(place)), b.get(keyOf(place))];
    const isOpen = (x === undefined && !first.isComplete) || (y === undefined && !second.isComplete);
    return compareEntries(place, x, y, isOpen);
  });
  const has = (kind: DifferenceKind): boolean => differences.some((difference) => difference.kind === kind);
  return { verdict: has('abi') ? 'different' : has('unknown') ? 'unknown' : 'equal', differences };
}

function compareEntries(
  place: Place,
  first: GuestCpuidEntry | undefined,
  second: GuestCpuidEntry | undefined,
  isOpen: boolean,
): GuestCpuidDifference[] {
  return registerNames.flatMap((register) => {
    const [x, y] = [first?.[register] ?? 0, second?.[register] ?? 0];
    const open = ((first?.unknown?.[register] ?? 0) | (second?.unknown?.[register] ?? 0)) >>> 0;
    // Whether there is an entry at all may be open, too: then what it holds is.
    const maybe = isOpen ? -1 : (first?.isUncertain === true ? x : 0) | (second?.isUncertain === true ? y : 0);
    const differing = ((x ^ y) & ~open) >>> 0;
    const uncertain = ((x ^ y) & maybe & ~open) >>> 0;
    const certain = (differing & ~uncertain) >>> 0;
    const unknown = (open | uncertain) >>> 0;
    const describe = (kind: DifferenceKind, bits: number): GuestCpuidDifference[] =>
      bits === 0
        ? []
        : [{ ...place, register, kind, bits, first: x, second: y, fields: fieldsIn(place, register, bits, x, y) }];
    return [
      ...describe(isRecomputed(place, register) ? 'recomputed' : 'abi', certain),
      ...describe('unknown', unknown),
    ];
  });
}

function fieldsIn({ leaf, subleaf }: Place, register: RegisterName, bits: number, x: number, y: number): string[] {
  return fieldsOf(leaf, subleaf)
    .filter((field) => field.register === register && (maskOf(field) & bits) !== 0)
    .map((field) => `${field.name}: ${showField(field, x)}, ${showField(field, y)}`);
}
