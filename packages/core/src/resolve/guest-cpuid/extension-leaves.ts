import { holds } from '../rules.ts';
import { both, either, known, notKnown, only, registers, unknownRegisters, zeros, type Bits } from './bits.ts';
import { isOn, type LeafReader } from './guest-cpu.ts';

/** Leaf 0AH: the performance counters of KVM, where the guest has a PMU. */
export const readPerformance: LeafReader = (cpu) => (isOn(cpu, 'pmu') ? cpu.supported(0xa, 0) : zeros);

const provisionKey = 1 << 4;
const floatingPointState = 0b11;

/**
 * Leaf 12H: SGX as KVM supports it, cut to the guest's features. A guest has no enclave memory here: it comes with
 * `-machine sgx-epc…`, which is not asked for.
 */
export const readSgx: LeafReader = (cpu, subleaf) => {
  const has = cpu.has('sgx');
  if (!cpu.isKvm || has === false || subleaf > 1) return zeros;
  if (has === null) return unknownRegisters('whether the host has SGX is not known');
  const offered = cpu.supported(0x12, subleaf);
  if (subleaf === 0)
    return { ...offered, eax: both(offered.eax, cpu.word('12.0.EAX')), ebx: both(offered.ebx, cpu.word('12.0.EBX')) };
  const eax = both(offered.eax, cpu.word('12.1.EAX'));
  const mayProvision = ((eax.ones | eax.unknown) & provisionKey) !== 0;
  return {
    eax: mayProvision ? either(only(eax, ~provisionKey), notKnown(provisionKey)) : eax,
    ebx: known(0),
    ecx: either(both(offered.ecx, cpu.word('d.0.EAX')), known(floatingPointState)),
    edx: both(offered.edx, cpu.word('d.0.EDX')),
    why: 'whether QEMU may open /dev/sgx_provision, or what KVM offers, is not known',
  };
};

const traceLip = 0x80000000;

/** Leaf 14H: the same Processor Trace for every guest. Source: Intel SDM vol. 2A, CPUID, leaf 14H; QEMU 7.2 to 10.2 */
export const readTrace: LeafReader = (cpu, subleaf) => {
  const has = cpu.has('intel-pt');
  if (!cpu.isKvm || has === false || subleaf > 1) return zeros;
  if (has === null) return unknownRegisters('whether the guest gets Processor Trace is not known');
  if (subleaf === 1) return registers((0x0249 << 16) | 2, (0x003f << 16) | 0x1fff);
  return { ...registers(1, 0xf), ecx: either(known(0x7), only(cpu.word('14.0.ECX'), traceLip)) };
};

/** Leaf 1CH: the records of last branches, as KVM has them. */
export const readLastBranches: LeafReader = (cpu) => {
  const has = cpu.has('arch-lbr');
  if (has === false || (!isOn(cpu, 'pmu') && !holds('branchRecordsByFeature', cpu.release))) return zeros;
  if (has === null) return unknownRegisters('whether the guest gets records of last branches is not known');
  return { ...cpu.supported(0x1c, 0), edx: known(0) };
};

/** What is there with AMX tiles alone. */
const withTiles =
  (read: LeafReader): LeafReader =>
  (cpu, subleaf) => {
    const has = cpu.has('amx-tile');
    if (has === null) return unknownRegisters('whether the guest gets AMX is not known');
    return has ? read(cpu, subleaf) : zeros;
  };

/** Leaf 1DH: the one palette of tiles. Source: Intel SDM vol. 2A, CPUID, leaf 1DH; QEMU 7.2 to 11.1 */
export const readTiles: LeafReader = withTiles((_, subleaf) => {
  if (subleaf === 0) return registers(1);
  return subleaf === 1 ? registers(0x2000 | (0x400 << 16), 0x40 | (8 << 16), 16) : zeros;
});

/** Leaf 1EH: the multiplier of tiles. Source: Intel SDM vol. 2A, CPUID, leaf 1EH; QEMU 7.2 to 11.1 */
export const readTileMultiplier: LeafReader = withTiles((cpu, subleaf) => {
  const multiplier = registers(0, 16 | (64 << 8));
  if (!cpu.knowsWord('1e.1.EAX')) return subleaf === 0 ? multiplier : zeros;
  if (subleaf === 0) return { ...multiplier, eax: cpu.supported(0x1e, 0).eax, why: 'what KVM offers is not known' };
  return subleaf === 1 ? { ...zeros, eax: cpu.word('1e.1.EAX') } : zeros;
});

const orUnknown = (value: number | null, mask: number): Bits => (value === null ? notKnown(mask) : known(value));

/** Leaf 24H: AVX10. */
export const readAvx10: LeafReader = (cpu, subleaf) => {
  const has = cpu.has('avx10');
  if (has === false || subleaf > 1) return zeros;
  if (has === null) return unknownRegisters('whether the guest gets AVX10 is not known');
  if (subleaf === 1) return { ...zeros, ecx: cpu.word('24.1.ECX') };
  const { version, highestSubleaf } = cpu.avx10;
  return {
    ...zeros,
    eax: orUnknown(highestSubleaf, 1),
    ebx: either(cpu.word('24.0.EBX'), orUnknown(version, 0xff)),
    why: 'the version of AVX10 of the host is not known',
  };
};

/** Leaf 29H: APX. */
export const readApx: LeafReader = (cpu, subleaf) => {
  const has = cpu.has('apxf');
  if (has === false || subleaf > 0) return zeros;
  if (has === null) return unknownRegisters('whether the guest gets APX is not known');
  return { ...zeros, ebx: cpu.word('29.0.EBX') };
};

const perfmonV2 = 1;
const counterMask = 0xf;

/** Leaf 80000022H: AMD's performance counters, version 2. */
export const readAmdPerformance: LeafReader = (cpu) => {
  const has = cpu.has('perfmon-v2');
  if (!cpu.isKvm || !isOn(cpu, 'pmu') || has === false) return zeros;
  const offered = cpu.supported(0x80000022, 0);
  const ebx = only(offered.ebx, counterMask);
  const why = 'the performance counters that KVM offers are not known';
  return {
    ...zeros,
    eax: has === true ? known(perfmonV2) : notKnown(perfmonV2),
    ebx: has === true ? ebx : notKnown(counterMask),
    why,
  };
};
