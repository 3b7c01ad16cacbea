import type { CpuidRecord } from './cpuid-record.ts';

/** A feature bit of CPUID. */
interface CpuidBit {
  readonly leaf: number;
  readonly register: 'eax' | 'ebx' | 'ecx' | 'edx';
  readonly bit: number;
}

interface StartMsr {
  readonly index: number;
  /** QEMU writes it only to guests that have this bit. */
  readonly neededBit?: CpuidBit;
}

const vmx: CpuidBit = { leaf: 1, register: 'ecx', bit: 5 };

/**
 * The feature MSRs that QEMU writes to a fresh vCPU, and that abort it when KVM refuses.
 *
 * Of the VMX ones KVM derives 481H to 484H, 487H and 489H from others and takes no value for them; QEMU writes none.
 *
 * Source: QEMU 7.2 to 11.1, target/i386/kvm (what it sets before the first run); Intel SDM vol. 4 for the bits and indexes.
 */
const startMsrs: readonly StartMsr[] = [
  { index: 0x8b },
  { index: 0xcf, neededBit: { leaf: 7, register: 'edx', bit: 30 } },
  { index: 0x10a, neededBit: { leaf: 7, register: 'edx', bit: 29 } },
  { index: 0x345, neededBit: { leaf: 1, register: 'ecx', bit: 15 } },
  ...[0x480, 0x485, 0x486, 0x488, 0x48a, 0x48b, 0x48c, 0x48d, 0x48e, 0x48f, 0x490, 0x491].map((index) => ({
    index,
    neededBit: vmx,
  })),
];

/** Which of the feature MSRs that KVM lists are worth a try, given the CPUID that it supports. */
export function listStartMsrs(offered: ReadonlySet<number>, supported: readonly CpuidRecord[]): readonly number[] {
  return startMsrs
    .filter(({ index, neededBit }) => offered.has(index) && (neededBit === undefined || hasBit(supported, neededBit)))
    .map(({ index }) => index);
}

function hasBit(records: readonly CpuidRecord[], { leaf, register, bit }: CpuidBit): boolean {
  const record = records.find((each) => each.leaf === leaf && each.subleaf === 0);
  return record !== undefined && ((record[register] >>> bit) & 1) === 1;
}
