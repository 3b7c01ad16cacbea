import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import type { UnknownReason } from '@cpu-atlas/core';
import type { UnknownCode } from './unknown-reasons.ts';
import { explainUnknown } from './unknown-reasons.ts';

const { EACCES, EAGAIN, EBUSY, ENODEV, ENOENT, ENOTDIR, ENXIO, EPERM } = constants.errno;

/** What a failure to open /dev/kvm means. A node without its module gives ENODEV or ENXIO. */
const codesOfOpen: ReadonlyMap<number, UnknownCode> = new Map<number, UnknownCode>([
  [ENOENT, 'KVM_ABSENT'],
  [ENOTDIR, 'KVM_ABSENT'],
  [EACCES, 'KVM_DENIED'],
  [EPERM, 'KVM_DENIED'],
  [ENODEV, 'KVM_NO_MODULE'],
  [ENXIO, 'KVM_NO_MODULE'],
  [EBUSY, 'KVM_BUSY'],
]);

/** `EACCES (permission denied)` for a positive errno. */
export function nameErrno(errno: number): string {
  const [name, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown'];
  return `${name} (${text})`;
}

/** Why KVM's device could not be opened. */
export function explainOpen(device: string, errno: number): UnknownReason {
  const code = codesOfOpen.get(errno) ?? 'KVM_FAILED';
  return explainUnknown(code, `cannot open ${device}: ${nameErrno(errno)}`);
}

/** Why a step after opening failed. */
export function explainStep(step: string, errno: number): UnknownReason {
  return explainUnknown(errno === EBUSY ? 'KVM_BUSY' : 'KVM_FAILED', `${step} failed: ${nameErrno(errno)}`);
}

/** Why the addon could not do its work at all. */
export function explainFault(syscall: string, errno: number): UnknownReason {
  const isFull = syscall === 'job_start' && errno === EAGAIN;
  return explainUnknown(isFull ? 'PROBE_BUSY' : 'PROBE_FAILED', `${syscall} failed: ${nameErrno(errno)}`);
}
