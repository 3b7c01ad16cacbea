import { createRequire } from 'node:module';
import type { HardwareLayer, HostSnapshot, KvmLayer, Layer, UnknownLayer, UnknownReason } from '@cpu-atlas/core';
import { collectHardware } from './collect-hardware.ts';
import type { HardwareReading } from './collect-hardware.ts';
import { collectKernel, joinKernel } from './collect-kernel.ts';
import type { KernelReading } from './collect-kernel.ts';
import { collectKvm } from './collect-kvm.ts';
import type { KvmReading } from './collect-kvm.ts';
import { findQemu } from './find-qemu.ts';
import type { QemuFindings, QemuSearch } from './find-qemu.ts';
import { identifyByName, identifyHost } from './host-identity.ts';
import type { HostIdentity } from './host-identity.ts';
import { explainFault } from './kvm-reasons.ts';
import { isNativeFault, loadNative } from './native-part.ts';
import type { NativePart } from './native-part.ts';
import type { ProbedHost } from './probed-host.ts';
import { hostPath, isX86 } from './probed-host.ts';
import { withTimeLimit } from './time-limit.ts';
import { explainUnknown } from './unknown-reasons.ts';

/** How to probe. Everything is optional; the defaults probe this host wholly. */
export interface CollectOptions {
  /** Where to look for QEMU; `false` leaves the QEMU layer out, which is the fast way. */
  readonly qemu?: QemuSearch | false;
  /** Goes into the snapshot as it is. */
  readonly labels?: Readonly<Record<string, string>>;
  /** How long each of the layers may take; 10,000 when not given. */
  readonly layerLimitMs?: number;
  readonly now?: () => Date;
  /** For tests: another tree for `/proc`, `/sys`, `/etc` and `/dev`, another platform, another addon. */
  readonly sysRoot?: string;
  readonly platform?: string;
  readonly arch?: string;
  readonly native?: NativePart;
}

const defaultLayerLimitMs = 10_000;

/**
 * Probes this host. Runs unprivileged; what cannot be read becomes an `unknown` layer with its reason and remedy.
 * Never rejects and never takes much longer than its time limits.
 */
export async function collectSnapshot(options: CollectOptions = {}): Promise<HostSnapshot> {
  const host: ProbedHost = {
    root: options.sysRoot ?? '/',
    platform: options.platform ?? process.platform,
    arch: options.arch ?? process.arch,
    native: options.native ?? loadNative(),
    layerLimitMs: options.layerLimitMs ?? defaultLayerLimitMs,
  };
  const collectedAt = (options.now?.() ?? new Date()).toISOString();
  const [identity, silicon, kernel, qemu] = await Promise.all([
    identifyInTime(host),
    readSilicon(host),
    guard<KernelReading | UnknownLayer>(host, 'reading the kernel', collectKernel(host), (unknown) => ({ unknown })),
    options.qemu === false ? undefined : findInTime(host, options.qemu),
  ]);
  return {
    schema: 'cpu-atlas/host-snapshot/1',
    host: { ...identity, ...(options.labels !== undefined && { labels: options.labels }) },
    collectedAt,
    collector: `cpu-atlas ${readOwnVersion()}`,
    hardware: silicon.hardware,
    kernel: joinKernel(kernel, silicon.kvm),
    ...describeQemu(qemu),
  };
}

async function identifyInTime(host: ProbedHost): Promise<HostIdentity> {
  return guard(host, 'reading the machine id', identifyHost(host), identifyByName);
}

async function findInTime(host: ProbedHost, search: QemuSearch | undefined): Promise<QemuFindings> {
  return guard(host, 'looking for QEMU', findQemu(search), (unknown) => ({
    binaries: [],
    unread: [{ path: search?.searchPath ?? 'PATH', unknown }],
  }));
}

/** CPUID first, then KVM on a CPU that has answered: a KVM job on a starved CPU would hang. */
async function readSilicon(
  host: ProbedHost,
): Promise<{ readonly hardware: Layer<HardwareLayer>; readonly kvm: Layer<KvmLayer> }> {
  const hardware = await guard<HardwareReading>(host, 'reading CPUID', collectHardware(host), (unknown) => ({
    kind: 'unknown',
    layer: { unknown },
  }));
  const cpu = hardware.kind === 'read' ? hardware.firstCpu : null;
  const kvm = await guard<KvmReading>(host, 'asking KVM', readKvm(host, cpu), (unknown) => ({ layer: { unknown } }));
  if (hardware.kind === 'unknown' || kvm.tscKhz === undefined) return { hardware: hardware.layer, kvm: kvm.layer };
  // KVM tells the frequency that the kernel has measured; CPUID at best what the vendor had in mind.
  return { hardware: { ...hardware.layer, tscKhz: kvm.tscKhz }, kvm: kvm.layer };
}

async function readKvm(host: ProbedHost, cpu: number | null): Promise<KvmReading> {
  if (host.platform !== 'linux') {
    return { layer: { unknown: explainUnknown('NOT_LINUX', `this is ${host.platform}, which has no KVM`) } };
  }
  if (!isX86(host)) return { layer: { unknown: explainUnknown('NOT_X86', `this is ${host.arch}`) } };
  if (host.native.kind === 'missing') return { layer: { unknown: host.native.unknown } };
  return collectKvm(host.native.probe, hostPath(host, '/dev/kvm'), cpu);
}

/** Turns lateness and faults of one step into a reason. */
async function guard<T>(
  host: ProbedHost,
  step: string,
  work: Promise<T>,
  toUnknown: (reason: UnknownReason) => T,
): Promise<T> {
  try {
    const timed = await withTimeLimit(work, host.layerLimitMs);
    if (timed.kind === 'done') return timed.value;
    return toUnknown(explainUnknown('PROBE_TIMEOUT', `${step} took longer than ${host.layerLimitMs} ms`));
  } catch (error) {
    if (isNativeFault(error)) return toUnknown(explainFault(error.syscall, error.errno));
    return toUnknown(explainUnknown('PROBE_FAILED', `${step} failed: ${String(error)}`));
  }
}

function describeQemu(findings: QemuFindings | undefined): Pick<HostSnapshot, 'qemu' | 'unreadQemu'> {
  if (findings === undefined) return {};
  return {
    qemu: findings.binaries,
    ...(findings.unread.length > 0 && { unreadQemu: findings.unread }),
  };
}

function readOwnVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('../package.json');
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  return typeof version === 'string' ? version : 'of unknown version';
}
