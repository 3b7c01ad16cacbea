import type { LibvirtMapIndex } from '../../plan/libvirt/cpu-map.ts';
import type { Accelerator } from '../../resolve/resolution.ts';

/** A feature of a guest CPU that is asked for or ruled out, by QEMU's name. */
export interface PolicyFeature {
  readonly name: string;
  readonly isOn: boolean;
}

/** One intent: this CPU, for guests of this machine type, on these hosts. */
export interface CpuPolicy {
  /** For files and custom models: letters, digits, dashes. */
  readonly name: string;
  /** QEMU's name of the model, with its version where it matters: `Skylake-Server-v4`. */
  readonly model: string;
  /** Other names of the same version on that machine type: `Skylake-Server-noTSX-IBRS`. */
  readonly aliases: readonly string[];
  /** CPUID's name of the vendor; null: not known. */
  readonly vendor: string | null;
  readonly features: readonly PolicyFeature[];
  readonly machine: string;
  readonly accel: Accelerator;
  readonly qemuVersion: string;
  readonly hosts: readonly string[];
  /** Hashes of the snapshots that the answer was made from. */
  readonly snapshots: readonly string[];
  /** libvirt's own CPU map of the target; null: not given, so that names cannot be checked. */
  readonly libvirt: LibvirtMapIndex | null;
}

/** error: the target would not take it. warning: it does something else than meant. note: worth knowing. */
export type LintSeverity = 'error' | 'warning' | 'note';

export interface LintFinding {
  readonly severity: LintSeverity;
  readonly message: string;
}

export interface CompiledPolicy {
  readonly target: string;
  /** What the text is for: `libvirt 11.3.0`, `Proxmox VE 7 and later`. */
  readonly targetVersion: string;
  readonly fileName: string;
  /** `xml`, `ini`, `yaml`, `json`, `sh`, `hcl`. */
  readonly language: string;
  readonly text: string;
  readonly lint: readonly LintFinding[];
  readonly verdict: 'fits' | 'look' | 'refused';
}

/** What a target makes of a policy before it is judged. */
export type Draft = Omit<CompiledPolicy, 'target' | 'verdict'>;

export function judge(lint: readonly LintFinding[]): CompiledPolicy['verdict'] {
  if (lint.some(({ severity }) => severity === 'error')) return 'refused';
  return lint.some(({ severity }) => severity === 'warning') ? 'look' : 'fits';
}

/** Where an answer came from, a comment in every text. */
export function provenanceOf({ qemuVersion, machine, accel, hosts, snapshots }: CpuPolicy): readonly string[] {
  const shown = hosts.slice(0, 8).join(', ');
  return [
    `CPU Atlas: QEMU ${qemuVersion}, ${machine}, ${accel}`,
    `hosts: ${shown}${hosts.length > 8 ? ` and ${hosts.length - 8} more` : ''}`,
    `snapshots: ${snapshots.length === 0 ? 'none' : [...new Set(snapshots)].map((hash) => hash.slice(0, 19)).join(' ')}`,
  ];
}
