import { join } from 'node:path';
import type { NativePart } from './native-part.ts';

/** The host as the collectors see it; tests put another one in its place. */
export interface ProbedHost {
  /** Where `/proc`, `/sys`, `/etc` and `/dev` lie; `/` but in tests. */
  readonly root: string;
  /** As `process.platform`. */
  readonly platform: string;
  /** As `process.arch`. */
  readonly arch: string;
  readonly native: NativePart;
  /** How long one layer may take, in milliseconds. */
  readonly layerLimitMs: number;
}

/** A file of the host, by its usual absolute path. */
export function hostPath(host: ProbedHost, path: string): string {
  return join(host.root, path);
}

/** True where CPUID and KVM's x86 ioctls exist. */
export function isX86(host: ProbedHost): boolean {
  return host.arch === 'x64' || host.arch === 'ia32';
}
