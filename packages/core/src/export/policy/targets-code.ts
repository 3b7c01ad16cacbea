import { nameForLibvirt } from './libvirt-names.ts';
import { provenanceOf, type CpuPolicy, type Draft } from './policy.ts';

/** Variables for roles of one's own; names as libvirt and QEMU have them, side by side. */
export function compileAnsible(policy: CpuPolicy): Draft {
  const names = nameForLibvirt(policy);
  const list = (features: readonly { readonly name: string }[]): readonly string[] =>
    features.map(({ name }) => `    - ${name}`);
  return {
    targetVersion: 'Ansible, any',
    fileName: `${policy.name}.vars.yml`,
    language: 'yaml',
    text: [
      ...provenanceOf(policy).map((line) => `# ${line}`),
      'guest_cpu:',
      `  name: ${policy.name}`,
      `  machine: ${policy.machine}`,
      `  qemu_model: ${policy.model}`,
      `  libvirt_model: ${names.model ?? 'null'}`,
      ...writeList('require', list(names.features.filter(({ isOn }) => isOn))),
      ...writeList('disable', list(names.features.filter(({ isOn }) => !isOn))),
      '',
    ].join('\n'),
    lint: names.lint,
  };
}

function writeList(key: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [`  ${key}: []`] : [`  ${key}:`, ...lines];
}

/** For the libvirt provider, whose domain takes the `<cpu>` as attributes. Source: dmacvicar/libvirt, libvirt_domain.cpu */
export function compileTerraform(policy: CpuPolicy): Draft {
  const names = nameForLibvirt(policy);
  return {
    targetVersion: 'Terraform, locals for any provider',
    fileName: `${policy.name}.tf`,
    language: 'hcl',
    text: [
      ...provenanceOf(policy).map((line) => `# ${line}`),
      'locals {',
      `  guest_cpu_${policy.name.replaceAll(/[^A-Za-z0-9_]/g, '_')} = {`,
      `    machine       = ${JSON.stringify(policy.machine)}`,
      `    qemu_model    = ${JSON.stringify(policy.model)}`,
      `    libvirt_model = ${names.model === null ? 'null' : JSON.stringify(names.model)}`,
      `    require       = ${writeNames(names.features.filter(({ isOn }) => isOn))}`,
      `    disable       = ${writeNames(names.features.filter(({ isOn }) => !isOn))}`,
      '  }',
      '}',
      '',
    ].join('\n'),
    lint: names.lint,
  };
}

function writeNames(features: readonly { readonly name: string }[]): string {
  return `[${features.map(({ name }) => JSON.stringify(name)).join(', ')}]`;
}
