import type { HardwareLayer } from '@cpu-atlas/core';
import { invalid } from '../faults.ts';
import { importLimits, refuseAbove } from '../import-limits.ts';
import { believeRanges, listMissingLeaves } from './believed-ranges.ts';
import { findRow, spell, type CpuidRow } from './cpuid-registers.ts';
import { groupCpus, type CpuDump } from './group-cpus.ts';

export interface DumpedHardware {
  readonly hardware: HardwareLayer;
  /** `Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz`, or the vendor where there is no brand. */
  readonly cpuName: string;
  readonly notes: readonly string[];
}

/**
 * The hardware layer of raw CPUID dumps. A dump in which leaves are missing that the CPU has is partial.
 * @throws IMPORT_INVALID for a CPU without leaf 0 or 1, or with two answers to one query
 */
export function hardwareOfDumps(dumps: readonly CpuDump[], where: string): DumpedHardware {
  const [first] = dumps;
  if (first === undefined) throw invalid('has no CPU in it', where);
  const believed = dumps.map((dump) => ({ cpu: dump.cpu, ...believeDump(dump, where) }));
  const cpus = groupCpus(believed);
  refuseAbove(cpus.length, importLimits.cpuKinds, 'kinds of CPU', where);
  const missing = [...new Set(believed.flatMap(({ rows }) => listMissingLeaves(rows)))];
  const ignored = [...new Set(believed.flatMap((dump) => dump.ignored))];
  const hypervisor = hypervisorOf(believed[0]?.rows ?? []);
  const tscKhz = tscKhzOf(believed[0]?.rows ?? []);
  return {
    hardware: {
      cpus,
      ...(hypervisor !== null && { hypervisor }),
      ...(tscKhz !== null && { tscKhz }),
      ...(missing.length > 0 && { partial: true }),
    },
    cpuName: nameOf(first.rows),
    notes: [
      ...(missing.length > 0
        ? [`leaves that the CPU has are not in the dump, and unknown: ${listLeaves(missing)}`]
        : []),
      ...(ignored.length > 0
        ? [`leaves beyond the ranges of the CPU were left out: ${listLeaves(ignored)}; what stands there is noise`]
        : []),
    ],
  };
}

function believeDump({ cpu, rows }: CpuDump, where: string): ReturnType<typeof believeRanges> {
  refuseAbove(rows.length, importLimits.cpuidEntries, 'leaves for one CPU', where);
  const unique = new Map<string, CpuidRow>();
  for (const row of rows) {
    const key = `${row.leaf}/${row.subleaf}`;
    const known = unique.get(key);
    if (known === undefined) unique.set(key, row);
    else if (!isEqual(known, row)) {
      throw invalid(`CPU ${cpu} answers leaf ${hexLeaf(row.leaf)} subleaf ${row.subleaf} in two ways`, where);
    }
  }
  const sorted = [...unique.values()].sort((a, b) => a.leaf - b.leaf || a.subleaf - b.subleaf);
  for (const leaf of [0, 1]) {
    if (findRow(sorted, leaf) === undefined) {
      throw invalid(
        `CPU ${cpu} has no leaf ${leaf}, so this is no dump of a CPU`,
        where,
        'dump all leaves: cpuid -1 -r',
      );
    }
  }
  return believeRanges(sorted);
}

function isEqual(a: CpuidRow, b: CpuidRow): boolean {
  return a.eax === b.eax && a.ebx === b.ebx && a.ecx === b.ecx && a.edx === b.edx;
}

function nameOf(rows: readonly CpuidRow[]): string {
  const brand = [0x8000_0002, 0x8000_0003, 0x8000_0004].flatMap((leaf) => {
    const row = findRow(rows, leaf);
    return row === undefined ? [] : [row.eax, row.ebx, row.ecx, row.edx];
  });
  const vendor = findRow(rows, 0);
  const name = brand.length === 12 ? printable(spell(brand)) : '';
  return name || (vendor === undefined ? '' : printable(spell([vendor.ebx, vendor.edx, vendor.ecx]))) || 'unnamed CPU';
}

function printable(text: string): string {
  return text
    .replaceAll(/[^\x20-\x7e]/g, ' ')
    .replaceAll(/ +/g, ' ')
    .trim();
}

/** Source: Linux Documentation/virt/kvm/x86/cpuid.rst, leaf 40000000H; Microsoft TLFS, same leaf. */
function hypervisorOf(rows: readonly CpuidRow[]): string | null {
  const row = findRow(rows, 0x4000_0000);
  if (row === undefined) return null;
  const signature = spell([row.ebx, row.ecx, row.edx]);
  return /^[\x20-\x7e]+$/.test(signature) ? signature : null;
}

/** Source: Intel SDM vol. 2A, CPUID leaf 15H: the crystal's Hz in ECX, times EBX, over EAX. */
function tscKhzOf(rows: readonly CpuidRow[]): number | null {
  const row = findRow(rows, 0x15);
  if (row === undefined || row.eax === 0 || row.ebx === 0 || row.ecx === 0) return null;
  return Math.round((row.ecx * row.ebx) / row.eax / 1000);
}

const hexLeaf = (leaf: number): string => `${leaf.toString(16).toUpperCase()}H`;

function listLeaves(leaves: readonly number[]): string {
  const shown = leaves.slice(0, 12).map(hexLeaf).join(', ');
  return leaves.length > 12 ? `${shown} and ${leaves.length - 12} more` : shown;
}
