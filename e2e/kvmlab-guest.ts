import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `lab.py` of kvmlab, which runs a command on this machine's files under another kernel and CPU; undefined: not given. */
export const labScript = process.env.CPU_ATLAS_KVMLAB;

/** Debian kernel of the guests, as kvmlab names it. */
const kernel = process.env.CPU_ATLAS_KVMLAB_KERNEL ?? '6.1';

/** A KVM host to make: one CPU, because a command needs no more and some emulated ones lose each other's interrupts. */
export interface LabHost {
  readonly name: string;
  /** `-cpu` of the emulated host. */
  readonly cpu: string;
  /** Parameters of kvm and its vendor module, `kvm-amd.nested=0`. */
  readonly moduleSettings: string;
}

export interface LabResult {
  /** 0: the command succeeded; 124: it did not end in time; 125: the host did not come up. */
  readonly code: number | null;
  readonly stderr: string;
}

/** The folder that such a host sees as `/lab`; its files outlive it. */
export function sharedFolder({ name }: LabHost): string {
  return join(process.env.KVMLAB_DIR ?? join(homedir(), '.cache', 'kvmlab'), 'share', name);
}

/** Boots the host, runs a shell script on it as root, and ends it. It sees this machine's files; only `/lab` is kept. */
export function runInLab(script: string, host: LabHost, timeLimitMs: number): Promise<LabResult> {
  if (labScript === undefined) throw new Error('CPU_ATLAS_KVMLAB names no lab.py');
  const args = ['--name', host.name, '--cpu', host.cpu, '--kernel', kernel, '--smp', '1'];
  args.push('--kvm-args', host.moduleSettings, '--timeout', String(timeLimitMs / 1000), '--', script);
  const child = spawn(labScript, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr = (stderr + chunk).slice(-8_000)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stderr }));
  });
}
