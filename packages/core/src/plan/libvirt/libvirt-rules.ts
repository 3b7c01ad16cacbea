import { libvirtReleaseOf } from './cpu-definition.ts';

/** Behaviour of libvirt that changed from one release to another. Nothing else here compares libvirt releases. */
export interface LibvirtRule {
  /** From this release on; the rule is the newer behaviour. */
  readonly since: string;
  readonly source: string;
}

export const libvirtRules = {
  /** Each feature that has to be disabled costs more than the one before; before, every feature counted as one. */
  disabledFeaturesCost: {
    since: '8.4.0',
    source: 'libvirt change "Penalize disabled features when computing CPU model" of 2022. Inferred: 8.4.0',
  },
  /** Of several models in the input of a baseline, one that needs fewer features disabled wins whatever it adds. */
  inputModelsPreferred: {
    since: '8.4.0',
    source: 'libvirt change "Ignore enabled features for input models" of 2022. Inferred: 8.4.0',
  },
  /** What blocks a model in the hypervisor is disabled, and what a model once had. */
  blockersDisabled: {
    since: '8.4.0',
    source: 'libvirt changes of 2022 on unusable models and removed features. Inferred: 8.4.0',
  },
} as const satisfies Record<string, LibvirtRule>;

export type LibvirtRuleName = keyof typeof libvirtRules;

/** Whether a rule holds in a release of libvirt. @throws CPU_MAP_INVALID */
export function libvirtHolds(rule: LibvirtRuleName, release: string): boolean {
  return libvirtReleaseOf(release) >= libvirtReleaseOf(libvirtRules[rule].since);
}
