import type { MachineType } from '../catalog/catalog.ts';
import { releaseOf, type QemuRelease } from '../catalog/release.ts';
import { isPcMachine } from './locate-cell.ts';
import type { Refusal, SmpTopology } from './resolution.ts';
import { holds } from './rules.ts';

/** `-smp` with every level filled in, as QEMU does. */
export interface Topology {
  readonly cpus: number;
  readonly sockets: number;
  readonly dies: number;
  readonly modules: number;
  readonly cores: number;
  readonly threads: number;
}

export interface ResolvedTopology {
  readonly topology: Topology;
  /** Why QEMU rejects the argument. */
  readonly refusal: Refusal | null;
  readonly warnings: readonly string[];
  /** APIC id of the last CPU, the highest. */
  readonly highestApicId: number;
}

const single: Topology = { cpus: 1, sockets: 1, dies: 1, modules: 1, cores: 1, threads: 1 };
const alone: ResolvedTopology = { topology: single, refusal: null, warnings: [], highestApicId: 0 };
const levels = ['cpus', 'sockets', 'dies', 'clusters', 'modules', 'cores', 'threads'] as const;
const greaterThanZero = 'CPU topology parameters must be greater than zero';

function reject(message: string, remedy: string): Refusal {
  return { by: 'usage', message, remedy };
}

/** Levels between socket and core that a machine type can have. Source: QEMU 7.2, 10.0 and 11.1 runs on q35, isapc, microvm */
function supportsLevel(level: 'dies' | 'clusters' | 'modules', machine: string, release: QemuRelease): boolean {
  if (level === 'clusters' || !isPcMachine(machine)) return false;
  return level === 'dies' || holds('modulesInTopology', release);
}

/** Whether what is left out of `-smp` goes to sockets before cores: on versioned machine types up to 6.1. */
function prefersSockets(machine: string, release: QemuRelease): boolean {
  const version = /-(\d+\.\d+)(?:\.\d+)?$/.exec(machine);
  // A machine type without a version goes with the newest.
  const decides = version ? releaseOf(version[1]) : release;
  return !holds('coresBeforeSockets', decides);
}

function checkLevels(smp: SmpTopology, machine: string, release: QemuRelease): Refusal | null {
  if (smp.modules !== undefined && !holds('modulesInTopology', release))
    return reject("Parameter 'smp.modules' is unexpected", 'leave modules out');
  if (levels.some((level) => smp[level] === 0) && holds('zeroInTopologyRefused', release))
    return reject(`Invalid CPU topology: ${greaterThanZero}`, 'give numbers from 1 up, or leave the level out');
  const text = holds('topologyTextAboveOne', release) ? ' > 1' : '';
  // QEMU 7.2 looks at dies first, later releases at modules and clusters.
  const order = holds('topologyTextAboveOne', release)
    ? (['modules', 'clusters', 'dies'] as const)
    : (['dies', 'clusters'] as const);
  for (const level of order)
    if ((smp[level] ?? 1) > 1 && !supportsLevel(level, machine, release))
      return reject(`${level}${text} not supported by this machine's CPU topology`, `leave ${level} out`);
  return null;
}

/** Fills in what is left out: QEMU counts a 0 as left out where it does not refuse it. */
function fillIn(smp: SmpTopology, socketsFirst: boolean): Topology {
  const [dies, modules] = [smp.dies || 1, smp.modules || 1];
  const middle = dies * modules * (smp.clusters || 1);
  const cpus = smp.cpus || 0;
  let [sockets, cores, threads] = [smp.sockets || 0, smp.cores || 0, smp.threads || 0];
  if (cpus === 0) [sockets, cores, threads] = [sockets || 1, cores || 1, threads || 1];
  const first = socketsFirst ? sockets : cores;
  const second = socketsFirst ? cores : sockets;
  if (first === 0 || second === 0) threads ||= 1;
  const share = (taken: number): number => Math.floor(cpus / (middle * threads * taken));
  if (socketsFirst) {
    if (sockets === 0) sockets = share((cores ||= 1));
    else if (cores === 0) cores = share(sockets);
  } else if (cores === 0) cores = share((sockets ||= 1));
  else if (sockets === 0) sockets = share(cores);
  threads ||= Math.floor(cpus / (middle * sockets * cores));
  return { cpus: cpus || sockets * middle * cores * threads, sockets, dies, modules, cores, threads };
}

function describeLevels(topology: Topology, machine: string, release: QemuRelease): string {
  const parts = (['sockets', 'dies', 'modules', 'cores', 'threads'] as const)
    .filter((level) => (level !== 'dies' && level !== 'modules') || supportsLevel(level, machine, release))
    .map((level) => `${level} (${topology[level]})`);
  return parts.join(' * ');
}

function checkSize(topology: Topology, { name, maxCpus }: MachineType, release: QemuRelease): Refusal | null {
  const { cpus, sockets, dies, modules, cores, threads } = topology;
  if (sockets * dies * modules * cores * threads !== cpus) {
    const product = `product of the hierarchy must match maxcpus: ${describeLevels(topology, name, release)} != maxcpus (${cpus})`;
    return reject(`Invalid CPU topology: ${product}`, 'let the product of the levels be the number of CPUs');
  }
  if (maxCpus === undefined || cpus <= maxCpus) return null;
  return reject(
    `Invalid SMP CPUs ${cpus}. The max CPUs supported by machine '${name}' is ${maxCpus}`,
    `give at most ${maxCpus} CPUs`,
  );
}

/**
 * Completes `-smp` as QEMU does, which since 6.2 fills the cores of a socket before it adds sockets.
 * Source: QEMU 7.2, 10.0 and 10.2, `-smp`; QEMU 11.1 runs
 */
export function resolveTopology(
  smp: SmpTopology | undefined,
  machine: MachineType,
  release: QemuRelease,
): ResolvedTopology {
  if (smp === undefined || levels.every((level) => smp[level] === undefined)) return alone;
  const unsupported = checkLevels(smp, machine.name, release);
  if (unsupported) return { ...alone, refusal: unsupported };
  const warnings = levels.some((level) => smp[level] === 0)
    ? [`warning: Deprecated CPU topology (considered invalid): ${greaterThanZero}`]
    : [];
  const topology = fillIn(smp, prefersSockets(machine.name, release));
  const refusal = checkSize(topology, machine, release);
  if (refusal) return { ...alone, refusal, warnings };
  return { topology, refusal, warnings, highestApicId: placeOfCpu(topology, topology.cpus - 1).apicId };
}

/** Threads of one package; above 1 some releases switch `ht` on. */
export function threadsPerPackage({ dies, modules, cores, threads }: Topology): number {
  return dies * modules * cores * threads;
}

/** The levels of the APIC id from the lowest bits up; the socket has the rest. */
const idLevels = ['threads', 'cores', 'modules', 'dies'] as const;

/** Where a CPU (by index) stands: its place in each level, and its APIC id, in which a level takes as many bits as it needs. */
export interface CpuPlace {
  readonly apicId: number;
  readonly threads: number;
  readonly cores: number;
  readonly modules: number;
  readonly dies: number;
  readonly sockets: number;
}

/** Source: Intel SDM vol. 3A, 9.9.1, hierarchical mapping of APIC ids */
export function placeOfCpu(topology: Topology, cpu: number): CpuPlace {
  const place = { threads: 0, cores: 0, modules: 0, dies: 0 };
  let rest = cpu;
  let apicId = 0;
  let weight = 1;
  for (const level of idLevels) {
    const count = topology[level];
    place[level] = rest % count;
    rest = Math.floor(rest / count);
    apicId += place[level] * weight;
    weight *= count <= 1 ? 1 : 2 ** (32 - Math.clz32(count - 1));
  }
  return { ...place, sockets: rest, apicId: apicId + rest * weight };
}
