import { getCurrentTest } from 'vitest/suite';

/** What one test compared with a real QEMU, or with libvirt: a line of docs/proof.md. Lines of one key are added up. */
export interface Tally {
  /** Whose answers: `QEMU 7.2.22`, `libvirt 9.0.0`. */
  readonly of: string;
  readonly accel: 'kvm' | 'tcg' | null;
  /** On which host they were recorded. */
  readonly host: string;
  /** What was compared, in the plural: `launches`. */
  readonly what: string;
  readonly compared: number;
  readonly different: number;
  /** Different ones that a list in the test names, with the reason. */
  readonly known?: number;
  /** What the recording has, and Atlas was not asked; and why. */
  readonly leftOut?: { readonly count: number; readonly why: string };
}

/** Keeps a tally with the result of the test that runs, where reporters find it. Call it before asserting. */
export function tally(line: Tally): void {
  const test = getCurrentTest();
  if (test === undefined) throw new Error('a tally belongs to a test');
  const meta: { tallies?: Tally[] } = test.meta;
  meta.tallies = [...(meta.tallies ?? []), line];
}
