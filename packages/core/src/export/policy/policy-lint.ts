import { findFeature } from '../../x86/feature-table.ts';
import type { CpuPolicy, LintFinding, PolicyFeature } from './policy.ts';

/** Findings that hold for every target. */
export function lintPolicy({ features, model, machine, accel }: CpuPolicy): readonly LintFinding[] {
  return [
    ...features.flatMap(lintFeature),
    ...lintModel(model),
    ...(isVersionedMachine(machine)
      ? []
      : [
          warning(
            `${machine} means another machine type in each release: name a versioned one, or guests change with QEMU`,
          ),
        ]),
    ...(accel === 'tcg' ? [note('under TCG the emulator decides, not the host')] : []),
  ];
}

function lintFeature({ name, isOn }: PolicyFeature): readonly LintFinding[] {
  const record = findFeature(name);
  if (record === undefined) return [warning(`${name} is a name that Atlas does not know: is it spelt right?`)];
  if (isOn && !record.migratable)
    return [error(`${name} cannot be migrated: a guest that has it never leaves its host`)];
  return [];
}

function lintModel(model: string): readonly LintFinding[] {
  if (model === 'host')
    return [warning('host differs from host to host: a guest that starts on one may not move to another')];
  if (model === 'max') return [warning('max differs between releases and hosts: it is no model for a pool')];
  if (/-v\d+$/.test(model)) return [];
  return [note(`${model} without a version is another version on another machine type`)];
}

/** `pc-q35-10.0`, `pc-i440fx-rhel7.6.0`, `pc-q35-noble`; not `q35`, `pc`. */
function isVersionedMachine(machine: string): boolean {
  return /^pc-(?:q35|i440fx)-[\w.]+$|^microvm$|-\d+\.\d+/.test(machine);
}

export function error(message: string): LintFinding {
  return { severity: 'error', message };
}

export function warning(message: string): LintFinding {
  return { severity: 'warning', message };
}

export function note(message: string): LintFinding {
  return { severity: 'note', message };
}
