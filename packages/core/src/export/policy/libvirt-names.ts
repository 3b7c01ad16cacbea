import { findFeature } from '../../x86/feature-table.ts';
import { error, note, warning } from './policy-lint.ts';
import type { CpuPolicy, LintFinding, PolicyFeature } from './policy.ts';

/** A policy in libvirt's names. */
export interface LibvirtNames {
  /** null: libvirt has no model that is this version. */
  readonly model: string | null;
  readonly features: readonly PolicyFeature[];
  readonly lint: readonly LintFinding[];
}

/**
 * Translates model and features into libvirt's names and checks them against its CPU map. libvirt names the versions of
 * a model otherwise than QEMU (`Skylake-Server-noTSX-IBRS` is `Skylake-Server-v3`): an alias that the map has is taken.
 */
export function nameForLibvirt(policy: CpuPolicy): LibvirtNames {
  const { model, aliases, libvirt } = policy;
  const lint: LintFinding[] = [];
  const features = policy.features.flatMap((feature) => {
    const name = translate(policy, feature.name);
    if (name === null) {
      lint.push(
        feature.isOn
          ? error(`libvirt has no name for ${feature.name}: it cannot be asked for`)
          : note(`libvirt has no name for ${feature.name}, so it is left out; libvirt cannot ask for it either`),
      );
      return [];
    }
    if (libvirt !== null && !libvirt.featureByName.has(name)) {
      lint.push(error(`the CPU map of libvirt ${libvirt.map.release} has no feature ${name}`));
    } else if (feature.isOn && libvirt?.featureByName.get(name)?.isMigratable === false) {
      lint.push(warning(`libvirt ${libvirt.map.release} holds ${name} not migratable`));
    }
    return [{ name, isOn: feature.isOn }];
  });
  if (libvirt === null) {
    lint.push(note('the target’s CPU map was not given: names are libvirt’s, but not checked'));
    return { model, features, lint };
  }
  const found = [model, ...aliases].find((name) => libvirt.modelByName.has(name));
  if (found === undefined) {
    lint.push(
      error(
        `the CPU map of libvirt ${libvirt.map.release} has no model ${[model, ...aliases].join(' or ')}: use another version of it, or a newer libvirt`,
      ),
    );
  } else if (found !== model) {
    lint.push(note(`libvirt calls ${model} ${found}`));
  }
  return { model: found ?? null, features, lint };
}

function translate({ libvirt }: CpuPolicy, name: string): string | null {
  const own = libvirt?.nameOfQemu.get(name);
  if (own !== undefined) return own;
  const record = findFeature(name);
  return record === undefined ? name : record.libvirt;
}
