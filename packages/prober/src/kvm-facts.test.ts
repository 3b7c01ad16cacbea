import { describe, expect, it } from 'vitest';
import type { CpuidRecord } from './cpuid-record.ts';
import { extensionCount, nameCapabilities, nameCapability, nameDifferences } from './kvm-capabilities.ts';
import { listStartMsrs } from './kvm-msrs.ts';

describe('capability names', () => {
  it.each([
    { number: 0, name: 'KVM_CAP_IRQCHIP' },
    { number: 72, name: 'KVM_CAP_TSC_DEADLINE_TIMER' },
    { number: 209, name: 'KVM_CAP_SYS_ATTRIBUTES' },
    { number: 238, name: 'KVM_CAP_X86_GUEST_MODE' },
    { number: extensionCount - 1, name: `KVM_CAP_${extensionCount - 1}` },
  ])('$number is $name', ({ number, name }) => {
    expect(nameCapability(number)).toBe(name);
  });

  it('lists what KVM has: neither 0 nor errors', () => {
    expect(nameCapabilities(Int32Array.of(1, 0, -22, 5))).toEqual({ KVM_CAP_IRQCHIP: 1, KVM_CAP_USER_MEMORY: 5 });
  });

  it('lists for a VM what differs, a loss as 0', () => {
    const system = Int32Array.of(1, 1, 0, 5);
    expect(nameDifferences(Int32Array.of(1, 0, 0, 7), system)).toEqual({ KVM_CAP_HLT: 0, KVM_CAP_USER_MEMORY: 7 });
  });

  it('takes steps that were not reached as no difference', () => {
    expect(nameDifferences(Int32Array.of(-125, -125), Int32Array.of(1, 0))).toEqual({});
  });
});

describe('listStartMsrs', () => {
  const everyMsr = new Set([0x8b, 0xce, 0xcf, 0x10a, 0x345, 0x480, 0x481, 0x487, 0x48f, 0xc0011029]);
  const cases: readonly { name: string; records: readonly CpuidRecord[]; msrs: readonly number[] }[] = [
    { name: 'without feature bits only the microcode revision is written', records: [], msrs: [0x8b] },
    { name: 'arch-capabilities brings 10AH', records: [leaf(7, { edx: 1 << 29 })], msrs: [0x8b, 0x10a] },
    { name: 'core-capability brings CFH', records: [leaf(7, { edx: 1 << 30 })], msrs: [0x8b, 0xcf] },
    { name: 'pdcm brings 345H', records: [leaf(1, { ecx: 1 << 15 })], msrs: [0x8b, 0x345] },
    {
      name: 'vmx brings those that KVM does not derive',
      records: [leaf(1, { ecx: 1 << 5 })],
      msrs: [0x8b, 0x480, 0x48f],
    },
  ];
  it.each(cases)('$name', ({ records, msrs }) => {
    expect(listStartMsrs(everyMsr, records)).toEqual(msrs);
  });

  it('what KVM does not offer is not tried', () => {
    expect(listStartMsrs(new Set(), [leaf(7, { edx: 1 << 29 })])).toEqual([]);
  });
});

function leaf(number: number, registers: Partial<CpuidRecord>): CpuidRecord {
  return { leaf: number, subleaf: 0, eax: 0, ebx: 0, ecx: 0, edx: 0, ...registers };
}
