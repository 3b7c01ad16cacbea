import type { CatalogIndex } from '../../catalog/catalog-index.ts';
import type { WordSpec } from '../../catalog/catalog.ts';
import { wordKeyOf } from '../../x86/word-layout.ts';
import { registerNames, type RegisterName } from './bits.ts';
import { entryFlags } from './collect-entries.ts';
import { fieldsOf, maskOf, showField } from './cpuid-fields.ts';
import type { GuestCpuidEntry } from './guest-cpuid.ts';

/** A named part of a register with its value, for people. */
export interface DescribedField {
  readonly register: RegisterName;
  /** `25:14`, `8`. */
  readonly bits: string;
  readonly name: string;
  /** null: not known. */
  readonly value: string | null;
}

export interface DescribedEntry {
  readonly fields: readonly DescribedField[];
  /** Features whose bits are 1, by QEMU's names; of a nameless bit its place, `ECX[27]`. */
  readonly features: readonly string[];
  /** Features of which it is not known. */
  readonly unknownFeatures: readonly string[];
}

/** Names what is in an entry. Bits that lie in a field are no features. */
export function describeEntry(index: CatalogIndex, entry: GuestCpuidEntry): DescribedEntry {
  const { leaf, flags } = entry;
  const subleaf = (flags & entryFlags.significantIndex) === 0 ? 0 : entry.subleaf;
  const fields = fieldsOf(leaf, subleaf);
  const described = fields.map((field): DescribedField => {
    const isOpen = ((entry.unknown?.[field.register] ?? 0) & maskOf(field)) !== 0;
    return {
      register: field.register,
      bits: field.high === field.low ? String(field.low) : `${field.high}:${field.low}`,
      name: field.name,
      value: isOpen ? null : showField(field, entry[field.register]),
    };
  });
  const names = registerNames.flatMap((register) => {
    const taken = fields
      .filter((field) => field.register === register)
      .reduce((mask, field) => mask | maskOf(field), 0);
    const lane = laneOf(index, leaf, subleaf, register);
    if (lane === undefined) return [];
    const open = entry.unknown?.[register] ?? 0;
    return Array.from({ length: 32 }, (_, bit) => ({
      name: index.bitNames[lane * 32 + bit] ?? `${register.toUpperCase()}[${bit}]`,
      isSet: ((entry[register] & ~taken) >>> bit) % 2 === 1,
      isOpen: ((open & ~taken) >>> bit) % 2 === 1,
    }));
  });
  return {
    fields: described,
    features: names.filter(({ isSet }) => isSet).map(({ name }) => name),
    unknownFeatures: names.filter(({ isOpen }) => isOpen).map(({ name }) => name),
  };
}

/** KVM's features move up where Hyper-V has the first place. */
const movedKvmFeatures = 0x40000101;
const kvmFeatures = 0x40000001;

const registerOf = { eax: 'EAX', ebx: 'EBX', ecx: 'ECX', edx: 'EDX' } as const;

function laneOf(index: CatalogIndex, leaf: number, subleaf: number, register: RegisterName): number | undefined {
  const own = leaf === movedKvmFeatures ? kvmFeatures : leaf;
  const word: WordSpec = { kind: 'cpuid', leaf: own, subleaf, register: registerOf[register] };
  return (
    index.layout.laneOfKey.get(wordKeyOf(word)) ?? index.layout.laneOfKey.get(wordKeyOf({ ...word, subleaf: null }))
  );
}
