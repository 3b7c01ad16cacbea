import { describe, expect, it } from 'vitest';
import { indexCpuMap } from '../../plan/libvirt/cpu-map.ts';
import { compilePolicy, policyTargets, type PolicyTargetName } from './compile-policy.ts';
import type { CpuPolicy } from './policy.ts';

const libvirt = indexCpuMap({
  schema: 'cpu-atlas/libvirt-cpu-map/1',
  release: '11.3.0',
  source: 'made for this test',
  vendors: [{ name: 'Intel', cpuid: 'GenuineIntel' }],
  features: [
    { name: 'md-clear', bits: [['7.0.EDX', 10]] },
    { name: 'sse4.1', bits: [['1.0.ECX', 19]] },
    { name: 'xsaves', bits: [['d.1.EAX', 3]], migratable: false },
    { name: 'hle', bits: [['7.0.EBX', 4]] },
  ],
  models: [
    { name: 'Cascadelake-Server-noTSX', vendor: 'Intel', features: ['md-clear'], decode: { host: true, guest: true } },
  ],
});

const policy: CpuPolicy = {
  name: 'pool-a',
  model: 'Cascadelake-Server-v3',
  aliases: ['Cascadelake-Server-noTSX'],
  vendor: 'GenuineIntel',
  features: [
    { name: 'md-clear', isOn: true },
    { name: 'hle', isOn: false },
  ],
  machine: 'pc-q35-8.2',
  accel: 'kvm',
  qemuVersion: '8.2.2',
  hosts: ['node-a', 'node-b'],
  snapshots: [`sha256:${'ab'.repeat(32)}`],
  libvirt,
};
const targets = Object.keys(policyTargets) as PolicyTargetName[];

describe('one intent, written for every target', () => {
  it.each(targets)('%s: names where it came from, and fits or says why not', (target) => {
    const compiled = compilePolicy(policy, target);
    expect(compiled.text).toContain('QEMU 8.2.2, pc-q35-8.2, kvm');
    expect(compiled.text).toContain('sha256:abababababab');
    expect(compiled.targetVersion).not.toBe('');
    expect(compiled.verdict).not.toBe('refused');
  });

  it.each([
    ['qemu', '-machine pc-q35-8.2 -accel kvm -cpu Cascadelake-Server-v3,md-clear=on,hle=off,enforce=on'],
    ['libvirt-domain', "<model fallback='forbid'>Cascadelake-Server-noTSX</model>\n  <vendor>Intel</vendor>"],
    ['libvirt-domain', "<feature policy='disable' name='hle'/>"],
    ['libvirt-baseline', "<cpu mode='custom' match='exact'>"],
    ['nova', 'cpu_model_extra_flags = +md-clear, -hle'],
    ['kubevirt', '            - name: hle\n              policy: disable'],
    ['proxmox', 'cpu-model: pool-a\n    reported-model Cascadelake-Server-v3\n    flags +md-clear;-hle'],
    ['incus', 'instances.vm.cpu.x86_64.flags=md-clear'],
    ['ovirt', ':vmx,nx,model_Cascadelake-Server-noTSX,md-clear:Cascadelake-Server-noTSX,+md-clear,-hle:x86_64'],
    ['ansible', '  disable:\n    - hle'],
    ['terraform', 'disable       = ["hle"]'],
  ] as const)('%s: %s', (target, text) => {
    expect(compilePolicy(policy, target).text).toContain(text);
  });
});

describe('what a careful reader would object', () => {
  const lintOf = (change: Partial<CpuPolicy>, target: PolicyTargetName = 'libvirt-domain') =>
    compilePolicy({ ...policy, ...change }, target);

  it.each([
    [
      'a name that the target does not know',
      { features: [{ name: 'vpclmutqdq', isOn: true }] },
      'refused',
      /vpclmutqdq/,
    ],
    [
      'a feature that is not migratable',
      { features: [{ name: 'invtsc', isOn: true }] },
      'refused',
      /invtsc cannot be migrated/,
    ],
    ['a version that the map lacks', { model: 'EPYC-Turin-v1', aliases: [] }, 'refused', /no model EPYC-Turin-v1/],
    ['a machine type that moves', { machine: 'q35' }, 'look', /another machine type in each release/],
    ['a model that differs on every host', { model: 'host', aliases: [] }, 'refused', /host differs from host to host/],
    [
      'names of libvirt’s that are not QEMU’s',
      {},
      'fits',
      /libvirt calls Cascadelake-Server-v3 Cascadelake-Server-noTSX/,
    ],
    ['no map to check against', { libvirt: null }, 'fits', /not checked/],
  ] as const)('%s', (_, change, verdict, message) => {
    const compiled = lintOf(change);
    expect(compiled.verdict).toBe(verdict);
    expect(compiled.lint.map((finding) => finding.message).join('\n')).toMatch(message);
  });

  it('Incus cannot take a feature away', () => {
    expect(lintOf({}, 'incus')).toMatchObject({ verdict: 'look' });
  });

  it.each([
    ['name', { name: 'a b' }],
    ['model', { model: "x' onload='" }],
    ['feature', { features: [{ name: 'a\nb', isOn: true }] }],
    ['host', { hosts: ['node\n[libvirt]'] }],
  ])('a %s that could become more than a name is refused', (_, change) => {
    expect(() => lintOf(change)).toThrowError(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });
});
