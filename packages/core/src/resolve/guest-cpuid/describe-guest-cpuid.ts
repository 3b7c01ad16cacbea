import type { CatalogIndex } from '../../catalog/catalog-index.ts';
import type { Hex32 } from '../../snapshot/snapshot.ts';
import type { Refusal, Resolution } from '../resolution.ts';
import type { RegisterName } from './bits.ts';
import type { DifferenceKind, GuestCpuidComparison } from './compare-guest-cpuids.ts';
import { decodeGuestCpuid, type DecodedGuestCpuid } from './decode-guest-cpuid.ts';
import { describeEntry, type DescribedEntry } from './describe-entry.ts';
import type { GuestCpuid, GuestCpuidEntry } from './guest-cpuid.ts';

type HexRegisters = Readonly<Record<RegisterName, Hex32>>;

/** An entry as it is written down: registers in hex, and what is in it by name. */
export interface EntryDescription extends HexRegisters, DescribedEntry {
  readonly leaf: Hex32;
  readonly subleaf: number;
  readonly flags: number;
  readonly unknown?: HexRegisters & { readonly why: string };
  readonly isUncertain?: true;
}

/** A guest's CPUID as it is written down, for people and machines. */
export interface GuestCpuidDescription {
  readonly resolution: Resolution;
  readonly vcpu: number;
  readonly entries: readonly EntryDescription[];
  readonly isComplete: boolean;
  readonly refusal: Refusal | null;
  readonly unknowns: readonly string[];
  readonly assumptions: readonly string[];
  readonly decoded: DecodedGuestCpuid;
}

const hex32 = (value: number): Hex32 => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

const hexOf = (registers: Readonly<Record<RegisterName, number>>): HexRegisters => ({
  eax: hex32(registers.eax),
  ebx: hex32(registers.ebx),
  ecx: hex32(registers.ecx),
  edx: hex32(registers.edx),
});

function writeEntry(index: CatalogIndex, entry: GuestCpuidEntry): EntryDescription {
  const { leaf, subleaf, flags, unknown, isUncertain } = entry;
  return {
    leaf: hex32(leaf),
    subleaf,
    flags,
    ...hexOf(entry),
    ...(unknown === undefined ? {} : { unknown: { ...hexOf(unknown), why: unknown.why } }),
    ...(isUncertain === undefined ? {} : { isUncertain }),
    ...describeEntry(index, entry),
  };
}

/** Writes a guest's CPUID down, with what is in each entry by the names of the catalog that it was computed from. */
export function describeGuestCpuid(index: CatalogIndex, guest: GuestCpuid): GuestCpuidDescription {
  const { entries, ...rest } = guest;
  return { ...rest, entries: entries.map((entry) => writeEntry(index, entry)), decoded: decodeGuestCpuid(entries) };
}

export interface DifferenceDescription {
  readonly leaf: Hex32;
  readonly subleaf: number;
  readonly register: RegisterName;
  readonly kind: DifferenceKind;
  readonly bits: Hex32;
  readonly first: Hex32;
  readonly second: Hex32;
  readonly fields: readonly string[];
}

/** Writes a comparison down. */
export function describeComparison({ verdict, differences }: GuestCpuidComparison): {
  readonly verdict: GuestCpuidComparison['verdict'];
  readonly differences: readonly DifferenceDescription[];
} {
  return {
    verdict,
    differences: differences.map(({ leaf, bits, first, second, ...rest }) => ({
      ...rest,
      leaf: hex32(leaf),
      bits: hex32(bits),
      first: hex32(first),
      second: hex32(second),
    })),
  };
}
