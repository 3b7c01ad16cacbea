import { describe, expect, it } from 'vitest';
import { shippedIndex } from '../../testing/catalogs.ts';
import { shippedCpuMap } from '../../testing/libvirt-maps.ts';
import { indexCpuMap } from './cpu-map.ts';
import { refereeCpuMap } from './referee.ts';

const index = shippedIndex('10.0.13');
const map = shippedCpuMap('11.3.0');

describe('refereeCpuMap', () => {
  const referee = refereeCpuMap(map, index, 'kvm');
  const disputed = (model: string, machine: string) =>
    referee.disagreements.find((one) => one.model === model && one.machines.includes(machine));

  it('finds svm, which libvirt believes EPYC to have and QEMU switches off under KVM', () => {
    expect(disputed('EPYC', 'pc-q35-10.0')?.onlyLibvirt.map(({ name }) => name)).toContain('svm');
    const underTcg = refereeCpuMap(map, index, 'tcg').disagreements.filter(({ model }) => model === 'EPYC');
    expect(underTcg.flatMap(({ onlyLibvirt }) => onlyLibvirt.map(({ name }) => name))).not.toContain('svm');
  });

  it('tells apart machine types that libvirt takes to be alike', () => {
    expect(disputed('Broadwell', 'pc-q35-10.0')?.onlyQemu.map(({ name }) => name)).toContain('abm');
    expect(disputed('Broadwell', 'pc-q35-2.4')?.onlyQemu.map(({ name }) => name)).not.toContain('abm');
  });

  it('judges no bit that needs another one which is not asked for', () => {
    expect(referee.bits.filter(({ name }) => name?.startsWith('vmx-'))).toEqual([]);
  });

  it('places every model and machine type once', () => {
    const seen = [...referee.agreeing, ...referee.disagreements].flatMap(({ model, machines }) =>
      machines.map((machine) => `${model} ${machine}`),
    );
    expect(new Set(seen).size).toBe(seen.length);
    expect(referee.agreeing.length).toBeGreaterThan(0);
  });

  it('says once what every model gets from the accelerator', () => {
    expect(referee.everywhere.map(({ name }) => name)).toEqual(['hypervisor']);
    expect(referee.bits.map(({ name }) => name)).not.toContain('hypervisor');
  });

  it('names models that only one of the two has', () => {
    expect(referee.unknownToQemu).toContain('Icelake-Client');
    expect(refereeCpuMap(shippedCpuMap('9.0.0'), index, 'kvm').unknownToLibvirt).toContain('EPYC-Milan-v2');
  });

  it('finds a bit that was taken out of the map', () => {
    const models = map.map.models.map((model) =>
      model.name === 'EPYC' ? { ...model, features: model.features.filter((name) => name !== 'avx2') } : model,
    );
    const without = refereeCpuMap(indexCpuMap({ ...map.map, models }), index, 'kvm');
    expect(without.disagreements.find(({ model }) => model === 'EPYC-v1')?.onlyQemu.map(({ name }) => name)).toContain(
      'avx2',
    );
  });
});
