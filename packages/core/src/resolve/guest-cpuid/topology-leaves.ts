import { holds } from '../rules.ts';
import { intel, isIntelLike } from '../vendors.ts';
import { registers, zeros, type Registers } from './bits.ts';
import { isNotOff, isOn, type GuestCpu, type LeafReader } from './guest-cpu.ts';
import { cpusIn, offsetOf, type TopologyLevel } from './topology-bits.ts';

/** CPUs of a package, as this release counts them. */
export function packageCpus({ release, topology }: GuestCpu): number {
  if (holds('diesCountedInPackage', release)) return cpusIn('socket', topology);
  return topology.cores * topology.threads;
}

const highestCount = 255;

/** EBX of leaf 1: APIC id, CPUs of the package, line of CLFLUSH in units of 8 bytes. */
export function packageField(cpu: GuestCpu): number {
  const { release, place, topology, vendor } = cpu;
  const id = (place.apicId << 24) | (8 << 8);
  const cpus = packageCpus(cpu);
  if (cpus <= 1) return id >>> 0;
  const isAddressable = holds('addressableIdsInPackage', release) && isIntelLike(vendor);
  const count = isAddressable ? 2 ** offsetOf('socket', topology) : cpus;
  return (id | ((holds('topologyFieldsCapped', release) ? Math.min(count, highestCount) : count) << 16)) >>> 0;
}

/** Whether the leaves themselves switch `ht` and `cmp-legacy` on; later releases do it among the features. */
export function addsThreadBits(cpu: GuestCpu): { readonly ht: boolean; readonly cmpLegacy: boolean } {
  const has = !holds('htFromTopology', cpu.release) && packageCpus(cpu) > 1;
  return { ht: has, cmpLegacy: has && cpu.vendor !== intel };
}

/** Source: Intel SDM vol. 2A, CPUID, leaves 0BH and 1FH, encoding of levels */
const levelTypes = { thread: 1, core: 2, module: 3, die: 5 } as const;

interface Level {
  readonly type: number;
  /** Bits of the APIC id up to the next level. */
  readonly shift: number;
  readonly cpus: number;
}

function topologyLeaf(levels: readonly Level[], subleaf: number, apicId: number): Registers {
  const level = subleaf < levels.length ? levels[subleaf] : { type: 0, shift: 0, cpus: 0 };
  return registers(level.shift, level.cpus & 0xffff, (subleaf & 0xff) | (level.type << 8), apicId);
}

/** Leaf 0BH: threads of a core, CPUs of a package. */
export const readTopology: LeafReader = (cpu, subleaf) => {
  if (!isNotOff(cpu, 'cpuid-0xb')) return zeros;
  const { topology, place } = cpu;
  const levels = [
    { type: levelTypes.thread, shift: offsetOf('core', topology), cpus: topology.threads },
    { type: levelTypes.core, shift: offsetOf('socket', topology), cpus: packageCpus(cpu) },
  ];
  return topologyLeaf(levels, subleaf, place.apicId);
};

/** Whether there is anything that leaf 0BH cannot tell. */
export function hasExtendedTopology(cpu: GuestCpu): boolean {
  const { dies, modules } = cpu.topology;
  return dies > 1 || modules > 1 || isOn(cpu, 'x-force-cpuid-0x1f');
}

/** Leaf 1FH: as leaf 0BH, with modules and dies between. */
export const readExtendedTopology: LeafReader = (cpu, subleaf) => {
  if (!hasExtendedTopology(cpu)) return zeros;
  const { topology, place } = cpu;
  const present: (keyof typeof levelTypes)[] = ['thread', 'core'];
  if (topology.modules > 1) present.push('module');
  if (topology.dies > 1) present.push('die');
  const levels = present.map((name, i): Level => {
    const next: TopologyLevel = i + 1 < present.length ? present[i + 1] : 'socket';
    return { type: levelTypes[name], shift: offsetOf(next, topology), cpus: cpusIn(next, topology) };
  });
  return topologyLeaf(levels, subleaf, place.apicId);
};

/** ECX of leaf 80000008H: CPUs of the package and the bits of the APIC id that tell them apart. */
export function packageSizeField(cpu: GuestCpu): number {
  const cpus = packageCpus(cpu);
  return cpus > 1 ? ((offsetOf('socket', cpu.topology) << 12) | (cpus - 1)) >>> 0 : 0;
}

const highestCoreId = 255;

/** Leaf 8000001EH: APIC id, core and node of a CPU. */
export const readAmdTopology: LeafReader = (cpu) => {
  const { topology, place } = cpu;
  if (place.cores > highestCoreId) return zeros;
  const core = ((topology.threads - 1) << 8) | (place.cores & 0xff);
  const isNodeADie = isNotOff(cpu, 'legacy-multi-node');
  const node = (place.apicId >>> offsetOf(isNodeADie ? 'die' : 'socket', topology)) & 0xff;
  return registers(place.apicId, core, isNodeADie ? ((topology.dies - 1) << 8) | node : node);
};
