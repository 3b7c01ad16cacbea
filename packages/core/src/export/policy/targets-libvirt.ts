import { nameForLibvirt } from './libvirt-names.ts';
import { note, warning } from './policy-lint.ts';
import { provenanceOf, type CpuPolicy, type Draft, type PolicyFeature } from './policy.ts';

/** CPUID's names and libvirt's. */
const vendorNames: Readonly<Record<string, string>> = {
  GenuineIntel: 'Intel',
  AuthenticAMD: 'AMD',
  HygonGenuine: 'Hygon',
};

function versionOf({ libvirt }: CpuPolicy): string {
  return libvirt === null ? 'libvirt, release not given' : `libvirt ${libvirt.map.release}`;
}

function writeFeatures(features: readonly PolicyFeature[], indent: string): string {
  return features
    .map(({ name, isOn }) => `${indent}<feature policy='${isOn ? 'require' : 'disable'}' name='${name}'/>\n`)
    .join('');
}

function writeComment(policy: CpuPolicy): string {
  return provenanceOf(policy)
    .map((line) => `<!-- ${line.replaceAll('--', '- -')} -->\n`)
    .join('');
}

/** The `<cpu>` of a domain: exactly this CPU, checked after the start. Source: libvirt, formatdomain, CPU model */
export function compileLibvirtDomain(policy: CpuPolicy): Draft {
  const names = nameForLibvirt(policy);
  const vendor = policy.vendor === null ? undefined : vendorNames[policy.vendor];
  return {
    targetVersion: versionOf(policy),
    fileName: `${policy.name}.cpu.xml`,
    language: 'xml',
    text: [
      writeComment(policy),
      `<cpu mode='custom' match='exact' check='full'>\n`,
      `  <model fallback='forbid'>${names.model ?? policy.model}</model>\n`,
      vendor === undefined ? '' : `  <vendor>${vendor}</vendor>\n`,
      writeFeatures(names.features, '  '),
      '</cpu>\n',
    ].join(''),
    lint: [
      ...names.lint,
      note(`set the machine type in <os>: <type arch='x86_64' machine='${policy.machine}'>hvm</type>`),
    ],
  };
}

/** The CPU as `virsh hypervisor-cpu-compare` and `hypervisor-cpu-baseline` take it. */
export function compileLibvirtBaseline(policy: CpuPolicy): Draft {
  const names = nameForLibvirt(policy);
  return {
    targetVersion: versionOf(policy),
    fileName: `${policy.name}.baseline.xml`,
    language: 'xml',
    text: [
      writeComment(policy),
      `<cpu mode='custom' match='exact'>\n`,
      `  <model fallback='forbid'>${names.model ?? policy.model}</model>\n`,
      writeFeatures(names.features, '  '),
      '</cpu>\n',
    ].join(''),
    lint: names.lint,
  };
}

/** Source: Nova configuration reference, [libvirt] cpu_mode, cpu_models, cpu_model_extra_flags, hw_machine_type */
export function compileNova(policy: CpuPolicy): Draft {
  const names = nameForLibvirt(policy);
  const flags = names.features.map(({ name, isOn }) => `${isOn ? '+' : '-'}${name}`);
  return {
    targetVersion: 'OpenStack Nova Victoria (22) and later',
    fileName: 'nova.conf',
    language: 'ini',
    text: [
      ...provenanceOf(policy).map((line) => `# ${line}`),
      '[libvirt]',
      'cpu_mode = custom',
      `cpu_models = ${names.model ?? policy.model}`,
      ...(flags.length === 0 ? [] : [`cpu_model_extra_flags = ${flags.join(', ')}`]),
      `hw_machine_type = x86_64=${policy.machine}`,
      '',
    ].join('\n'),
    lint: [
      ...names.lint,
      ...(names.features.some(({ isOn }) => !isOn)
        ? [warning('flags with a minus need Nova 22 or later; older ones take them for names')]
        : []),
    ],
  };
}

/** Source: KubeVirt API, spec.domain.cpu of a VMI and spec.configuration of the KubeVirt CR */
export function compileKubevirt(policy: CpuPolicy): Draft {
  const names = nameForLibvirt(policy);
  const model = names.model ?? policy.model;
  return {
    targetVersion: 'KubeVirt 1.0 and later',
    fileName: `${policy.name}.kubevirt.yaml`,
    language: 'yaml',
    text: [
      ...provenanceOf(policy).map((line) => `# ${line}`),
      'apiVersion: kubevirt.io/v1',
      'kind: VirtualMachine',
      'metadata:',
      `  name: ${policy.name}`,
      'spec:',
      '  template:',
      '    spec:',
      '      domain:',
      '        machine:',
      `          type: ${policy.machine}`,
      '        cpu:',
      `          model: ${model}`,
      ...(names.features.length === 0 ? [] : ['          features:']),
      ...names.features.flatMap(({ name, isOn }) => [
        `            - name: ${name}`,
        `              policy: ${isOn ? 'require' : 'disable'}`,
      ]),
      '---',
      '# Or for all VMs that name no model, in the KubeVirt CR:',
      'apiVersion: kubevirt.io/v1',
      'kind: KubeVirt',
      'metadata:',
      '  name: kubevirt',
      '  namespace: kubevirt',
      'spec:',
      '  configuration:',
      `    cpuModel: ${model}`,
      '',
    ].join('\n'),
    lint: [
      ...names.lint,
      ...(names.features.some(({ isOn }) => isOn)
        ? [note('nodes are chosen by the labels of each required feature: a node without the label gets no VM')]
        : []),
      ...(/^pc-i440fx|^pc$/.test(policy.machine) ? [warning('KubeVirt starts q35 machine types only')] : []),
    ],
  };
}

/** Source: oVirt engine-config, ServerCPUList: level:name:flags:verb:arch; entries apart by semicolons */
export function compileOvirt(policy: CpuPolicy): Draft {
  const names = nameForLibvirt(policy);
  const required = names.features.filter(({ isOn }) => isOn).map(({ name }) => name);
  const removed = names.features.filter(({ isOn }) => !isOn);
  const model = names.model ?? policy.model;
  const verb = [model, ...names.features.map(({ name, isOn }) => `${isOn ? '+' : '-'}${name}`)].join(',');
  const vendor = policy.vendor === 'AuthenticAMD' ? 'svm' : 'vmx';
  return {
    targetVersion: 'oVirt 4.4 and later',
    fileName: `${policy.name}.ovirt.txt`,
    language: 'sh',
    text: [
      ...provenanceOf(policy).map((line) => `# ${line}`),
      '# Add to: engine-config -g ServerCPUList; the level is free, entries are set apart by semicolons',
      `90:${policy.name}:${[vendor, 'nx', `model_${model}`, ...required].join(',')}:${verb}:x86_64`,
      '',
    ].join('\n'),
    lint: [
      ...names.lint,
      ...removed.map(({ name }) => note(`${name} is taken away by the verb; oVirt does not look for it on hosts`)),
    ],
  };
}
