import type { UnknownReason } from '@cpu-atlas/core';

/**
 * Why a layer of a snapshot is unknown: the stable codes, each with its remedy. Codes are read by other programs and
 * never change their meaning; the reason says in words what happened this time.
 */
const remedies = {
  NOT_LINUX: 'run the probe on the Linux host itself',
  NOT_X86: 'CPU Atlas knows x86 hosts only',
  NATIVE_MISSING: 'install a C compiler and run: npm run build:native',
  NATIVE_BROKEN: 'rebuild the native part with: npm run build:native',
  CPUID_FAILED: 'let the probe run on the CPUs of the host (check the cpuset of its container or service)',
  KVM_ABSENT:
    'load kvm_amd or kvm_intel; if that fails enable virtualization in the firmware, or nested virtualization when the ' +
    'host is a VM; in a container pass /dev/kvm into it',
  KVM_NO_MODULE:
    'load kvm_amd or kvm_intel; if that fails enable virtualization in the firmware, or nested virtualization when the ' +
    'host is a VM',
  KVM_DENIED: 'add the user of the service to the group that owns /dev/kvm (usually kvm)',
  KVM_BUSY: 'stop the other hypervisor that holds the virtualization of this CPU',
  KVM_API_VERSION: 'run a Linux kernel that is not older than 2.6.22',
  KVM_FAILED: 'look for messages of kvm in the kernel log',
  QEMU_FAILED: 'run the binary with --version by hand and mend what it complains about',
  QEMU_TIMEOUT: 'run the binary with --version by hand and see why it does not end',
  QEMU_UNRECOGNIZED: 'name a QEMU system emulator',
  PROBE_TIMEOUT: 'probe again when the host is less loaded; look in the kernel log for a hang',
  PROBE_BUSY: 'restart the service: earlier probes hang in the kernel',
  PROBE_FAILED: 'report this as a defect of CPU Atlas',
} as const satisfies Record<string, string>;

/** The stable codes of this package. */
export type UnknownCode = keyof typeof remedies;

/** The record for a layer that could not be read. `reason` is a sentence without a full stop. */
export function explainUnknown(code: UnknownCode, reason: string): UnknownReason {
  return { code, reason, remedy: remedies[code] };
}
