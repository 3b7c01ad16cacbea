import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * QEMU binaries for tests: `qemu-system-x86_64` of PATH where it is installed, and what `CPU_ATLAS_TEST_QEMU` lists
 * (separated like PATH). Tests that need one skip when the list is empty.
 */
export const realQemus: readonly string[] = [...installedQemu(), ...listed()];

/** Why KVM cannot be used here; null when it can. */
export const kvmProblem: string | null = findKvmProblem();

/** Whether QEMU aborts for `-cpu host` on this machine: its KVM refuses an MSR that it offers. */
export function abortsForCpuHost(binary: string): boolean {
  const args = ['-S', '-nodefaults', '-display', 'none', '-qmp', 'stdio', '-machine', 'q35', '-accel', 'kvm'];
  const input = '{"execute":"qmp_capabilities"}\n{"execute":"quit"}\n';
  return spawnSync(binary, [...args, '-cpu', 'host'], { input, timeout: 10_000 }).signal === 'SIGABRT';
}

function installedQemu(): readonly string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, 'qemu-system-x86_64')).find(isExecutable);
  return found === undefined ? [] : [found];
}

function listed(): readonly string[] {
  return (process.env['CPU_ATLAS_TEST_QEMU'] ?? '').split(delimiter).filter((path) => path !== '');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findKvmProblem(): string | null {
  try {
    closeSync(openSync('/dev/kvm', 'r+'));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
