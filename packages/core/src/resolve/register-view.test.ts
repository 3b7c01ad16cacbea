import { describe, expect, it } from 'vitest';
import { viewRegisters } from './register-view.ts';
import type { HostSnapshot } from '../snapshot/snapshot.ts';

const zero = '0x00000000';
const entry = (leaf: string, subleaf: number, registers: { readonly ebx?: string; readonly ecx?: string } = {}) => ({
  leaf,
  subleaf,
  eax: zero,
  ebx: zero,
  ecx: zero,
  edx: zero,
  ...registers,
});

function snapshotOf(parts: Pick<HostSnapshot, 'hardware' | 'kernel'>): HostSnapshot {
  return {
    schema: 'cpu-atlas/host-snapshot/1',
    host: { id: 'a', name: 'a' },
    collectedAt: '2026-11-22T00:00:00Z',
    collector: 'test',
    ...parts,
  };
}

const kvm = {
  apiVersion: 12,
  supportedCpuid: [entry('0x00000007', 0, { ebx: '0x00000020' })],
  featureMsrs: [{ index: '0x0000010a', value: '0x1' }],
  capabilities: {},
};
const silicon = [{ cpus: '0-3', cpuid: [entry('0x00000007', 0, { ebx: '0x00000120' }), entry('0x0000000d', 1)] }];

describe('the registers of a snapshot', () => {
  const view = viewRegisters(snapshotOf({ hardware: { cpus: silicon }, kernel: { release: '6.1', kvm } }));
  const register = (key: string) => view.registers.find((one) => one.key === key);
  const bit = (key: string, name: string) => register(key)?.bits.find((one) => one.name === name);

  it('stand side by side, silicon first', () => {
    expect(view.sources).toEqual([{ kind: 'cpu', cpus: '0-3' }, { kind: 'kvm-supported' }]);
    expect(register('7.0.EBX')?.values).toEqual(['0x00000120', '0x00000020']);
  });

  it.each([
    ['7.0.EBX', 'avx2', ['present', 'present'], 'both have it'],
    ['7.0.EBX', 'bmi2', ['present', 'absent'], 'KVM withholds it'],
    ['7.0.EBX', 'bmi1', ['absent', 'absent'], 'neither has it'],
    ['d.1.EAX', 'xsavec', ['absent', 'absent'], 'a leaf that KVM does not list is not offered'],
    ['msr.10a', 'rdctl-no', ['unknown', 'present'], 'the MSR of the silicon was not read'],
  ])('%s %s is %j: %s', (key, name, presence) => {
    expect(bit(key, name)?.presence).toEqual(presence);
  });

  it('a leaf that a partial dump does not list is unknown', () => {
    const partial = viewRegisters(
      snapshotOf({ hardware: { cpus: [{ cpus: '0', cpuid: [] }], partial: true }, kernel: { release: '6.1', kvm } }),
    );
    const word = partial.registers.find(({ key }) => key === '7.0.EBX');
    expect(word?.bits.find(({ name }) => name === 'avx2')?.presence).toEqual(['unknown', 'present']);
  });

  it('a bit that a partial dump has as 0 is unknown', () => {
    const cpuid = [entry('0x00000007', 0, { ebx: '0x00000020' })];
    const partial = viewRegisters(snapshotOf({ hardware: { cpus: [{ cpus: '0', cpuid }], partial: true } }));
    const word = partial.registers.find(({ key }) => key === '7.0.EBX');
    expect(word?.bits.find(({ name }) => name === 'avx2')?.presence).toEqual(['present']);
    expect(word?.bits.find(({ name }) => name === 'bmi2')?.presence).toEqual(['unknown']);
  });

  it('nothing is known of a host without layers', () => {
    expect(viewRegisters(snapshotOf({}))).toEqual({ sources: [], registers: [] });
  });
});
