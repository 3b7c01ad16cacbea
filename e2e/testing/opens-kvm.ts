import { accessSync, constants } from 'node:fs';

/** Whether QEMU could use the KVM of this machine. */
export function opensKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
