import type { CpuGroup, CpuidEntry, HardwareLayer, Hex64, UnknownLayer } from '@cpu-atlas/core';
import { readText, readTextFiles } from './bounded-file.ts';
import { groupCpus } from './cpu-groups.ts';
import { formatCpuList } from '@cpu-atlas/core';
import { parseCpuList } from './cpu-list.ts';
import { spellSignature } from './cpuid-record.ts';
import type { NativeProbe } from './native-part.ts';
import type { ProbedHost } from './probed-host.ts';
import { hostPath, isX86 } from './probed-host.ts';
import type { CpuidReading } from './read-cpuid.ts';
import { readCpuid } from './read-cpuid.ts';
import { explainUnknown } from './unknown-reasons.ts';

/** The layer, and the first CPU that answered: the KVM ioctls run there, so that two probes give the same APIC id. */
export type HardwareReading =
  | { readonly kind: 'read'; readonly layer: HardwareLayer; readonly firstCpu: number }
  | { readonly kind: 'unknown'; readonly layer: UnknownLayer };

/** A CPU that real-time threads keep busy is given up after this; a loaded one answers in a few. */
const cpuLimitMs = 250;
/** `/proc/cpuinfo` has 1 to 2 KiB a CPU; the first CPU is enough. */
const cpuinfoBytes = 8192;
const cpuListBytes = 65_536;

/**
 * Reads the hardware layer: CPUID of each online CPU, microcode, vulnerabilities, hypervisor, TSC.
 * Rejects with a NativeFault when the addon cannot work; everything else becomes part of the layer or its reason.
 */
export async function collectHardware(host: ProbedHost): Promise<HardwareReading> {
  if (host.platform !== 'linux') return unknown('NOT_LINUX', `this is ${host.platform}, where CPUs cannot be chosen`);
  if (!isX86(host)) return unknown('NOT_X86', `this is ${host.arch}, which has no CPUID`);
  if (host.native.kind === 'missing') return { kind: 'unknown', layer: { unknown: host.native.unknown } };
  const [reading, microcode, vulnerabilities, sysfsTscKhz] = await Promise.all([
    readOnlineCpus(host, host.native.probe),
    readMicrocode(host),
    readTextFiles(hostPath(host, '/sys/devices/system/cpu/vulnerabilities')),
    readText(hostPath(host, '/sys/devices/system/cpu/cpu0/tsc_freq_khz')),
  ]);
  const cpus = groupCpus(reading.dumps);
  const [group] = cpus;
  const [firstDump] = reading.dumps;
  if (group === undefined || firstDump === undefined) {
    return unknown('CPUID_FAILED', `none of the CPUs ${formatCpuList(reading.unread)} let the probe run on it`);
  }
  const hypervisor = readHypervisor(group);
  const tscKhz = positiveInteger(sysfsTscKhz) ?? readTscKhz(group);
  const layer: HardwareLayer = {
    cpus,
    ...(reading.unread.length > 0 && { unreadCpus: formatCpuList(reading.unread) }),
    ...(microcode !== undefined && { microcode }),
    ...(Object.keys(vulnerabilities).length > 0 && { vulnerabilities }),
    ...(hypervisor !== undefined && { hypervisor }),
    ...(tscKhz !== undefined && { tscKhz }),
  };
  return { kind: 'read', layer, firstCpu: firstDump.cpu };
}

async function readOnlineCpus(host: ProbedHost, probe: NativeProbe): Promise<CpuidReading> {
  const online = await readText(hostPath(host, '/sys/devices/system/cpu/online'), cpuListBytes);
  const cpus = parseCpuList(online ?? '') ?? [0];
  // Half the time of the layer: the reading ends by itself before the layer is given up.
  return readCpuid(probe, cpus, { cpuLimitMs, totalLimitMs: Math.floor(host.layerLimitMs / 2) });
}

async function readMicrocode(host: ProbedHost): Promise<Hex64 | undefined> {
  // A guest's kernel loads no microcode and has no such file, but its cpuinfo tells the revision.
  const text =
    (await readText(hostPath(host, '/sys/devices/system/cpu/cpu0/microcode/version'))) ??
    /^microcode\s*:\s*(\S+)$/m.exec((await readText(hostPath(host, '/proc/cpuinfo'), cpuinfoBytes)) ?? '')?.[1];
  return text !== undefined && /^0x[0-9a-f]{1,16}$/.test(text) ? `0x${BigInt(text).toString(16)}` : undefined;
}

/** Source: Linux Documentation/virt/kvm/x86/cpuid.rst, leaf 40000000H; Microsoft TLFS, same leaf. */
function readHypervisor(group: CpuGroup): string | undefined {
  const entry = findEntry(group, '0x40000000');
  if (entry === undefined) return undefined;
  const signature = spellSignature([Number(entry.ebx), Number(entry.ecx), Number(entry.edx)]);
  return /^[\x20-\x7e]+$/.test(signature) ? signature : undefined;
}

/** Source: Intel SDM vol. 2A, CPUID leaf 15H: the crystal's Hz in ECX, times EBX, over EAX. */
function readTscKhz(group: CpuGroup): number | undefined {
  const entry = findEntry(group, '0x00000015');
  if (entry === undefined) return undefined;
  const [denominator, numerator, crystalHz] = [Number(entry.eax), Number(entry.ebx), Number(entry.ecx)];
  if (denominator === 0 || numerator === 0 || crystalHz === 0) return undefined;
  return Math.round((crystalHz * numerator) / denominator / 1000);
}

function findEntry(group: CpuGroup, leaf: string): CpuidEntry | undefined {
  return group.cpuid.find((entry) => entry.leaf === leaf && entry.subleaf === 0);
}

function positiveInteger(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,11}$/.test(text) ? Number(text) : undefined;
}

function unknown(code: 'NOT_LINUX' | 'NOT_X86' | 'CPUID_FAILED', reason: string): HardwareReading {
  return { kind: 'unknown', layer: { unknown: explainUnknown(code, reason) } };
}
