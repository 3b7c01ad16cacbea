import { warning } from './policy-lint.ts';
import { provenanceOf, type CpuPolicy, type Draft } from './policy.ts';

/** QEMU's own command line; `enforce=on` makes it start exactly as meant or not at all. */
export function compileQemu(policy: CpuPolicy): Draft {
  const { model, features, machine, accel, qemuVersion } = policy;
  const cpu = [model, ...features.map(({ name, isOn }) => `${name}=${isOn ? 'on' : 'off'}`), 'enforce=on'].join(',');
  return {
    targetVersion: `QEMU ${qemuVersion}`,
    fileName: `${policy.name}.args`,
    language: 'sh',
    text: `${provenanceOf(policy)
      .map((line) => `# ${line}\n`)
      .join('')}-machine ${machine} -accel ${accel} -cpu ${cpu}\n`,
    lint: [],
  };
}

/** Source: Proxmox VE, /etc/pve/virtual-guest/cpu-models.conf, qm(1) and cpu-models.conf(5) */
export function compileProxmox(policy: CpuPolicy): Draft {
  const { name, model, features } = policy;
  const unknown = features.filter((feature) => !/^[a-z0-9][a-z0-9._-]*$/i.test(feature.name));
  return {
    targetVersion: 'Proxmox VE 7 and later',
    fileName: 'cpu-models.conf',
    language: 'ini',
    text: [
      ...provenanceOf(policy).map((line) => `# ${line}`),
      `cpu-model: ${name}`,
      `    reported-model ${model}`,
      ...(features.length === 0
        ? []
        : [`    flags ${features.map((feature) => `${feature.isOn ? '+' : '-'}${feature.name}`).join(';')}`]),
      '',
      `# In the VM: qm set VMID --cpu custom-${name}`,
      '',
    ].join('\n'),
    lint: [
      ...unknown.map((feature) => warning(`Proxmox does not take ${feature.name} as the name of a flag`)),
      warning('Proxmox takes as reported-model only what its own list of models has: check that the model is in it'),
    ],
  };
}

/** Source: Incus documentation, cluster groups, keys instances.vm.cpu.ARCHITECTURE.* */
export function compileIncus(policy: CpuPolicy): Draft {
  const { model, features, name } = policy;
  const flags = features.filter(({ isOn }) => isOn).map((feature) => feature.name);
  const removed = features.filter(({ isOn }) => !isOn);
  return {
    targetVersion: 'Incus 6.9 and later',
    fileName: `${name}.incus.sh`,
    language: 'sh',
    text: [
      ...provenanceOf(policy).map((line) => `# ${line}`),
      `incus cluster group set ${name} instances.vm.cpu.x86_64.baseline=${model}`,
      `incus cluster group set ${name} instances.vm.cpu.x86_64.flags=${flags.join(',')}`,
      '',
    ].join('\n'),
    lint: removed.map((feature) =>
      warning(`Incus has no key that takes ${feature.name} away: choose a model without it`),
    ),
  };
}
