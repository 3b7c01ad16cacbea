import { readAmdCaches, readAmdL1, readAmdL2, readCaches, readDescriptors } from './cache-leaves.ts';
import { registers, zeros, type Registers } from './bits.ts';
import {
  readAmdPerformance,
  readApx,
  readAvx10,
  readLastBranches,
  readPerformance,
  readSgx,
  readTileMultiplier,
  readTiles,
  readTrace,
} from './extension-leaves.ts';
import {
  readAddressSizes,
  readAdvancedPower,
  readBasics,
  readBrand,
  readCentaurFeatures,
  readCentaurLevel,
  readExtendedFeatures,
  readExtendedFeatures2,
  readExtendedVendor,
  readMonitor,
  readPower,
  readStructured,
  readSvm,
  readVendor,
} from './feature-leaves.ts';
import { isNotOff, type GuestCpu, type LeafReader } from './guest-cpu.ts';
import { readAmdTopology, readExtendedTopology, readTopology } from './topology-leaves.ts';
import { readXsave } from './xsave-leaves.ts';

/** "TCGTCGTCGTCG". */
const readTcgSignature: LeafReader = (cpu) =>
  !cpu.isKvm && isNotOff(cpu, 'tcg-cpuid') ? registers(0x40000001, 0x54474354, 0x43544743, 0x47435447) : zeros;

/** Every leaf that QEMU answers itself; all others are 0. */
const readers: ReadonlyMap<number, LeafReader> = new Map([
  [0x0, readVendor],
  [0x1, readBasics],
  [0x2, readDescriptors],
  [0x4, readCaches],
  [0x5, readMonitor],
  [0x6, readPower],
  [0x7, readStructured],
  [0xa, readPerformance],
  [0xb, readTopology],
  [0xd, readXsave],
  [0x12, readSgx],
  [0x14, readTrace],
  [0x1c, readLastBranches],
  [0x1d, readTiles],
  [0x1e, readTileMultiplier],
  [0x1f, readExtendedTopology],
  [0x24, readAvx10],
  [0x29, readApx],
  [0x40000000, readTcgSignature],
  [0x80000000, readExtendedVendor],
  [0x80000001, readExtendedFeatures],
  [0x80000002, readBrand(0x80000002)],
  [0x80000003, readBrand(0x80000003)],
  [0x80000004, readBrand(0x80000004)],
  [0x80000005, readAmdL1],
  [0x80000006, readAmdL2],
  [0x80000007, readAdvancedPower],
  [0x80000008, readAddressSizes],
  [0x8000000a, readSvm],
  [0x8000001d, readAmdCaches],
  [0x8000001e, readAmdTopology],
  [0x80000021, readExtendedFeatures2],
  [0x80000022, readAmdPerformance],
  [0xc0000000, readCentaurLevel],
  [0xc0000001, readCentaurFeatures],
]);

/** The highest leaf of the basic and of the extended range that any reader knows. */
export const lastBasicLeaf = 0x3f;
export const lastExtendedLeaf = 0x8000003f;

function limitOf({ level, xlevel, xlevel2 }: GuestCpu, leaf: number): number {
  if (leaf >= 0xc0000000) return xlevel2;
  if (leaf >= 0x80000000) return xlevel;
  return leaf >= 0x40000000 ? 0x40000001 : level;
}

/**
 * What QEMU answers to a CPUID instruction. A leaf beyond the highest of its range answers as the highest basic leaf.
 * Source: Intel SDM vol. 2A, CPUID, "INPUT EAX"; QEMU 7.2 to 11.1
 */
export function readLeaf(cpu: GuestCpu, leaf: number, subleaf: number): Registers {
  const answered = leaf > limitOf(cpu, leaf) ? cpu.level : leaf;
  return readers.get(answered)?.(cpu, subleaf) ?? zeros;
}
