import { basename } from 'node:path';

/** What QEMU printed on standard error, in the parts that are compared. */
export interface QemuOutput {
  /** All lines, without the name of the program before them. */
  readonly lines: readonly string[];
  /** The lines about features that were asked for and are not to be had: what `check` prints. */
  readonly featureWarnings: readonly string[];
  readonly otherLines: readonly string[];
}

// Source: QEMU 7.2, 10.0 and 11.1, -cpu X,check; the last for releases before 3.1.
const featureWarning =
  /^warning: (?:\S+ doesn't support requested feature: |This feature depends on other features that were not requested: |host cpuid \S+ lacks requested flag )/;

/**
 * Splits standard error. QEMU puts the name it was called by before each line; a wrapper may call it by another name
 * than its own.
 */
export function readQemuOutput(stderr: string, binary: string): QemuOutput {
  const own = `${basename(binary)}: `;
  const lines = stderr
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .map((line) => (line.startsWith(own) ? line.slice(own.length) : line.replace(/^[^\s:]*qemu[^\s:]*: /, '')));
  return {
    lines,
    featureWarnings: lines.filter(isFeatureWarning),
    otherLines: lines.filter((line) => !isFeatureWarning(line)),
  };
}

export function isFeatureWarning(line: string): boolean {
  return featureWarning.test(line);
}

/**
 * One of `count` equal parts of a list; the whole list when it has no such parts. With more than one CPU, QEMU prints
 * the same warnings once for each.
 */
export function oneOfEqualParts(lines: readonly string[], count: number): readonly string[] {
  const length = lines.length / count;
  if (!Number.isInteger(length) || length === 0) return lines;
  return lines.every((line, i) => line === lines[i % length]) ? lines.slice(0, length) : lines;
}

/** Why this machine cannot show what QEMU would do with the CPU; null when the output tells of no such thing. */
export function environmentProblem(output: QemuOutput): string | null {
  return output.lines.find((line) => environmentFault.test(line)) ?? null;
}

// Source: QEMU 7.2, 10.0 and 11.1 without permission for /dev/kvm, built without the accelerator, without free memory.
const environmentFault = /Could not access KVM kernel module|invalid accelerator|Cannot allocate memory/;
