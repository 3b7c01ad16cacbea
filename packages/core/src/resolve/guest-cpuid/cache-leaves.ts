import type { CpuidRegisters } from '../../x86/registers.ts';
import { holds } from '../rules.ts';
import { amd, intel, isIntelLike } from '../vendors.ts';
import { known, notKnown, registers, unknownRegisters, zeros, type Bits, type Registers } from './bits.ts';
import { descriptorOf, noDescriptor } from './cache-descriptors.ts';
import { cacheNames, cacheSize, type CacheDescription, type CacheSet } from './caches.ts';
import { isNotOff, isOn, type GuestCpu, type LeafReader } from './guest-cpu.ts';
import { bitsFor, cpusIn, offsetOf } from './topology-bits.ts';

const ownUnknown = 'the caches of this model are not known: harvest them from this QEMU';

/** Whether leaves of the other vendor stay empty; v2 is later, and stricter. */
const isVendorOnly = (cpu: GuestCpu): boolean => isOn(cpu, 'x-vendor-cpuid-only');
const isStrictlyVendorOnly = (cpu: GuestCpu): boolean => isOn(cpu, 'x-vendor-cpuid-only-v2');

/** The host's own answer, as `host-cache-info` passes it on. Bits of a partial dump that are 0 are not known. */
function hostLeaf({ silicon, facts }: GuestCpu, leaf: number, subleaf: number): Registers {
  const why = 'the caches of the host CPU were not observed';
  // No CPU is known to list more than four; how many this one does is not known.
  if (silicon === null) return subleaf < cacheNames.length ? unknownRegisters(why) : zeros;
  const highest = silicon.get(leaf >= 0x80000000 ? 0x80000000 : 0)?.EAX ?? 0;
  if (!facts.isPartial && leaf > highest) return zeros;
  const answer: CpuidRegisters = silicon.get(leaf, subleaf) ?? { EAX: 0, EBX: 0, ECX: 0, EDX: 0 };
  const seen = (value: number): Bits => (facts.isPartial ? { ones: value, unknown: ~value >>> 0 } : known(value));
  const shown = { eax: seen(answer.EAX), ebx: seen(answer.EBX), ecx: seen(answer.ECX), edx: seen(answer.EDX) };
  return facts.isPartial ? { ...shown, why } : shown;
}

/** Leaf 2: descriptors of one byte. */
export const readDescriptors: LeafReader = (cpu) => {
  if (isOn(cpu, 'host-cache-info')) return hostLeaf(cpu, 2, 0);
  if (isVendorOnly(cpu) && cpu.vendor === amd) return zeros;
  const { leaf2 } = cpu.caches;
  if (leaf2 === null) return { ...registers(1), ecx: notKnown(), edx: notKnown(), why: ownUnknown };
  // Releases that make leaves 2 and 4 agree have the property, and know one descriptor more.
  const isConsistent = cpu.properties['x-consistent-cache'];
  const [l1d, l1i, l2, l3] = cacheNames.map((name) => descriptorOf(leaf2[name], isConsistent !== undefined));
  const isTold = [l1d, l1i, l2, l3].every((code) => code !== noDescriptor);
  if (isConsistent === true && !(cpu.minLevel < 4 && isTold)) return registers(1, 0, 0, noDescriptor);
  return registers(1, 0, isNotOff(cpu, 'l3-cache') ? l3 : 0, (l1d << 16) | (l1i << 8) | l2);
};

const typeCodes = { data: 1, instruction: 2, unified: 3 } as const;

/** What leaves 4 and 8000001DH say of a cache alike. Source: Intel SDM vol. 2A, CPUID, leaf 04H; AMD APM vol. 3 */
function describe(cache: CacheDescription): { eax: number; ebx: number; ecx: number; edx: number } {
  return {
    eax: typeCodes[cache.type] | (cache.level << 5) | (cache.isSelfInitializing ? 0x100 : 0),
    ebx: (cache.lineBytes - 1) | ((cache.partitions - 1) << 12) | ((cache.ways - 1) << 22),
    ecx: cache.sets - 1,
    edx: (cache.isNotInvalidated ? 1 : 0) | (cache.isInclusive ? 2 : 0) | (cache.isComplexIndexed ? 4 : 0),
  };
}

function pick(caches: CacheSet, subleaf: number): CacheDescription | null {
  return subleaf < cacheNames.length ? caches[cacheNames[subleaf]] : null;
}

/** Fields of leaf 4 EAX: ids that share the cache, and ids of cores in the package. */
const shareMask = 0xfff;
const coreMask = 0x3f;
const capped = ({ release }: GuestCpu, value: number, highest: number): number =>
  holds('topologyFieldsCapped', release) ? Math.min(value, highest) : value;

/** APIC ids, less one, among which a cache is shared. */
function sharingIds(cpu: GuestCpu, level: Parameters<typeof offsetOf>[0]): number {
  return capped(cpu, 2 ** offsetOf(level, cpu.topology) - 1, shareMask) << 14;
}

function coreIds(cpu: GuestCpu): number {
  const width = offsetOf('socket', cpu.topology) - offsetOf('core', cpu.topology);
  return capped(cpu, 2 ** width - 1, coreMask) << 26;
}

/** Cores as releases before APIC ids decided count them. */
function plainCores({ release, topology: { cores, dies } }: GuestCpu): number {
  return holds('diesCountedInPackage', release) ? cores * dies : cores;
}

function sharing(cpu: GuestCpu, cache: CacheDescription): number {
  const { release, topology } = cpu;
  if (holds('cachesSharedByLevel', release)) {
    const ids =
      cache.level === 1 && cpu.properties['x-l1-cache-per-thread'] === false ? 0 : sharingIds(cpu, cache.share);
    return coreIds(cpu) | ids;
  }
  const ids = [1, topology.threads, 2 ** offsetOf('die', topology)][cache.level - 1];
  return ((plainCores(cpu) - 1) << 26) | ((ids - 1) << 14);
}

/** Leaf 4: one cache a subleaf. */
export const readCaches: LeafReader = (cpu, subleaf) => {
  if (isOn(cpu, 'host-cache-info')) return fitHostCache(cpu, hostLeaf(cpu, 4, subleaf));
  if (isVendorOnly(cpu) && cpu.vendor === amd) return zeros;
  const { leaf4 } = cpu.caches;
  if (leaf4 === null) return subleaf < cacheNames.length ? unknownRegisters(ownUnknown) : zeros;
  const cache = pick(leaf4, subleaf);
  if (cache === null || (cache.level === 3 && !isNotOff(cpu, 'l3-cache'))) return zeros;
  const { eax, ebx, ecx, edx } = describe(cache);
  return registers(eax | sharing(cpu, cache), ebx, ecx, edx);
};

/** The host's leaf 4 with the guest's own numbers of CPUs. */
function fitHostCache(cpu: GuestCpu, host: Registers): Registers {
  const { release, topology } = cpu;
  const eax = host.eax.ones;
  if (host.eax.unknown !== 0) return { ...host, eax: notKnown() };
  if ((eax & 0x1f) === 0) return host;
  const hostIds = ((eax >>> 14) & shareMask) + 1;
  const cpus = cpusIn('socket', topology);
  const powerOf2 = (count: number): number => 2 ** bitsFor(count);
  const isShareKept = hostIds <= cpus;
  const shareBits = eax & (shareMask << 14);
  const rest = eax & 0x3fff;
  if (!holds('hostCachesFitPackage', release)) {
    const cores = topology.cores > 1 ? (topology.cores - 1) << 26 : 0;
    return { ...host, eax: known(rest | shareBits | cores) };
  }
  if (holds('cachesSharedByLevel', release))
    return { ...host, eax: known(rest | coreIds(cpu) | (isShareKept ? shareBits : sharingIds(cpu, 'socket'))) };
  const cores = (powerOf2(plainCores(cpu)) - 1) << 26;
  return { ...host, eax: known(rest | cores | (isShareKept ? shareBits : (powerOf2(cpus) - 1) << 14)) };
}

/** How AMD writes the number of ways. Source: AMD APM vol. 3, Fn8000_0006, table of associativities */
const wayCodes: ReadonlyMap<number, number> = new Map([
  [0, 0],
  [1, 1],
  [2, 2],
  [4, 4],
  [8, 6],
  [16, 8],
  [32, 0xa],
  [48, 0xb],
  [64, 0xc],
  [96, 0xd],
  [128, 0xe],
  [255, 0xf],
]);
const waysCode = (ways: number): number => wayCodes.get(ways) ?? 0;

/** TLBs that every guest is told. Source: QEMU 7.2 to 11.1, leaves 80000005H and 80000006H of any guest */
const l1Tlbs = 0x01ff01ff;
const l2Tlbs = 0x42004200;

/** Leaf 80000005H: AMD's L1 caches and TLBs. */
export const readAmdL1: LeafReader = (cpu) => {
  if (isOn(cpu, 'host-cache-info')) return hostLeaf(cpu, 0x80000005, 0);
  if (isStrictlyVendorOnly(cpu) && cpu.vendor === intel) return zeros;
  const { amd: caches } = cpu.caches;
  if (caches === null) return { ...registers(l1Tlbs, l1Tlbs), ecx: notKnown(), edx: notKnown(), why: ownUnknown };
  const encode = (cache: CacheDescription): number =>
    ((cacheSize(cache) / 1024) << 24) | (cache.ways << 16) | (cache.linesPerTag << 8) | cache.lineBytes;
  return registers(l1Tlbs, l1Tlbs, encode(caches.l1d), encode(caches.l1i));
};

/** Leaf 80000006H: AMD's L2 and L3 caches and L2 TLBs; Intel has only the L2 cache there. */
export const readAmdL2: LeafReader = (cpu) => {
  if (isOn(cpu, 'host-cache-info')) return hostLeaf(cpu, 0x80000006, 0);
  const isL2Only = isStrictlyVendorOnly(cpu) && isIntelLike(cpu.vendor);
  const tlbs = isL2Only ? 0 : l2Tlbs;
  const { amd: caches } = cpu.caches;
  if (caches === null) {
    const edx = isL2Only ? known(0) : notKnown();
    return { ...registers(0, tlbs), ecx: notKnown(), edx, why: ownUnknown };
  }
  const { l2, l3 } = caches;
  const encode = (cache: CacheDescription, unitBytes: number, at: number): number =>
    ((cacheSize(cache) / unitBytes) << at) | (waysCode(cache.ways) << 12) | (cache.linesPerTag << 8) | cache.lineBytes;
  const hasL3 = !isL2Only && isNotOff(cpu, 'l3-cache');
  return registers(0, tlbs, encode(l2, 1024, 16), hasL3 ? encode(l3, 512 * 1024, 18) : 0);
};

/** Leaf 8000001DH: AMD's caches, one a subleaf. */
export const readAmdCaches: LeafReader = (cpu, subleaf) => {
  if (isOn(cpu, 'host-cache-info')) return hostLeaf(cpu, 0x8000001d, subleaf);
  const { amdTopology } = cpu.caches;
  if (amdTopology === null) return subleaf < cacheNames.length ? unknownRegisters(ownUnknown) : zeros;
  const cache = pick(amdTopology, subleaf);
  if (cache === null) return zeros;
  const { eax, ebx, ecx, edx } = describe(cache);
  const told = isOn(cpu, 'x-amd-topoext-features-only') ? edx & 3 : edx;
  return registers(eax | amdSharing(cpu, cache), ebx, ecx, told);
};

function amdSharing(cpu: GuestCpu, cache: CacheDescription): number {
  if (holds('cachesSharedByLevel', cpu.release)) return sharingIds(cpu, cache.share);
  const { threads, cores } = cpu.topology;
  return ((cache.level === 3 ? cores * threads : threads) - 1) << 14;
}
