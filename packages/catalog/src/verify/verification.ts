import type { LiveCpu, QemuExit } from '../qmp/index.ts';

export type ComparedValue = string | number | boolean | null | readonly string[];

/** One thing on which Atlas and QEMU disagree. */
export interface VerifiedDifference {
  /**
   * `start`, `refusal`, `feature-words 07.0.EBX`, `filtered-features 01.ECX`, `msr-features 0x48b vmx-ept`,
   * `unavailable-features`, `level` and the other properties, `warnings`, `message`.
   */
  readonly what: string;
  /** null: Atlas has no such thing. */
  readonly atlas: ComparedValue;
  /** null: QEMU has no such thing. */
  readonly qemu: ComparedValue;
}

/** What the real QEMU said about one cell, beside what Atlas says. */
export interface Verification {
  readonly outcome: 'equal' | 'different' | 'could-not-tell';
  readonly differences: readonly VerifiedDifference[];
  /** What Atlas does not know or QEMU does not show, and so was not compared. */
  readonly notCompared: readonly string[];
  /** What QEMU printed beyond the feature warnings and what Atlas foretold (a deprecated machine type, …). */
  readonly otherMessages: readonly string[];
  /** What was run, for a person to run again. */
  readonly command: readonly string[];
  /** null: QEMU did not get as far as having a CPU. */
  readonly live: LiveCpu | null;
  /** How QEMU ended; null when it was never started. */
  readonly exit: QemuExit | null;
  readonly durationMs: number;
  /** Why it could not be told. */
  readonly reason?: string;
}
