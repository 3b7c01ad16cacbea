import { AtlasError } from '../../errors.ts';
import { lintPolicy } from './policy-lint.ts';
import { judge, type CompiledPolicy, type CpuPolicy, type Draft } from './policy.ts';
import { compileAnsible, compileTerraform } from './targets-code.ts';
import {
  compileKubevirt,
  compileLibvirtBaseline,
  compileLibvirtDomain,
  compileNova,
  compileOvirt,
} from './targets-libvirt.ts';
import { compileIncus, compileProxmox, compileQemu } from './targets-qemu.ts';

interface PolicyTarget {
  readonly label: string;
  readonly compile: (policy: CpuPolicy) => Draft;
}

/** What one intent can be written as. */
export const policyTargets = {
  qemu: { label: 'QEMU command line', compile: compileQemu },
  'libvirt-domain': { label: 'libvirt domain XML', compile: compileLibvirtDomain },
  'libvirt-baseline': { label: 'libvirt host baseline XML', compile: compileLibvirtBaseline },
  nova: { label: 'OpenStack nova.conf', compile: compileNova },
  kubevirt: { label: 'KubeVirt VM and CR', compile: compileKubevirt },
  proxmox: { label: 'Proxmox cpu-models.conf', compile: compileProxmox },
  incus: { label: 'Incus cluster group', compile: compileIncus },
  ovirt: { label: 'oVirt ServerCPUList', compile: compileOvirt },
  ansible: { label: 'Ansible variables', compile: compileAnsible },
  terraform: { label: 'Terraform locals', compile: compileTerraform },
} as const satisfies Record<string, PolicyTarget>;

export type PolicyTargetName = keyof typeof policyTargets;

const namePattern = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const wordPattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,255}$/;

/**
 * Writes one intent as the configuration of a target, with what a careful reader would object.
 * @throws REQUEST_INVALID for names that could become anything but names in the text
 */
export function compilePolicy(policy: CpuPolicy, target: PolicyTargetName): CompiledPolicy {
  checkNames(policy);
  const draft = policyTargets[target].compile(policy);
  const lint = [...lintPolicy(policy), ...draft.lint];
  return { ...draft, target, lint, verdict: judge(lint) };
}

function checkNames({ name, model, aliases, machine, features, qemuVersion, hosts, snapshots }: CpuPolicy): void {
  if (!namePattern.test(name)) throw refused('name', 'letters, digits and dashes, at most 63');
  const words = [model, ...aliases, machine, ...features.map((feature) => feature.name)];
  const wrong = words.find((word) => !wordPattern.test(word));
  if (wrong !== undefined) throw refused(JSON.stringify(wrong.slice(0, 60)), 'letters, digits, dots, dashes');
  const line = [qemuVersion, ...hosts, ...snapshots].find((text) => /[\u0000-\u001F\u007F-\u009F]/.test(text));
  if (line !== undefined) throw refused(JSON.stringify(line.slice(0, 60)), 'text without control characters');
}

function refused(where: string, expected: string): AtlasError {
  return new AtlasError('REQUEST_INVALID', 'is no name that can stand in a configuration', {
    where,
    remedy: `use ${expected}`,
  });
}
