import { describe, expect, it } from 'vitest';
import { labelMachines } from './machine-label.ts';
import { groupByFamily, splitMachineName } from './machine-name.ts';

describe('splitMachineName', () => {
  it.each([
    ['pc-q35-10.0', { family: 'q35', version: '10.0' }],
    ['pc-i440fx-2.12', { family: 'i440fx', version: '2.12' }],
    ['pc-q35-rhel9.4.0', { family: 'q35', version: 'rhel9.4.0' }],
    ['pc-i440fx-jammy-hpb', { family: 'i440fx', version: 'jammy-hpb' }],
    ['xenfv-4.2', { family: 'xenfv', version: '4.2' }],
    ['microvm', { family: 'microvm', version: '' }],
    ['x-remote', { family: 'x-remote', version: '' }],
    ['nitro-enclave', { family: 'nitro-enclave', version: '' }],
  ])('%s', (name, expected) => {
    expect(splitMachineName(name)).toEqual(expected);
  });
});

describe('groupByFamily', () => {
  it('keeps the order of first appearance', () => {
    expect([...groupByFamily(['pc-q35-2.0', 'isapc', 'pc-q35-1.0'])]).toEqual([
      ['q35', ['pc-q35-2.0', 'pc-q35-1.0']],
      ['isapc', ['isapc']],
    ]);
  });
});

const order = ['10.0', '9.2', '9.1', '9.0', '8.2'].flatMap((version) => [`pc-q35-${version}`, `pc-i440fx-${version}`]);
const all = [...order, 'isapc', 'microvm'];

describe('labelMachines', () => {
  it.each([
    ['one machine type', ['pc-q35-9.2'], '9.2', 'q35'],
    ['one without a version', ['isapc'], 'isapc', ''],
    ['two neighbours', ['pc-q35-9.2', 'pc-q35-9.1'], '9.1, 9.2', 'q35'],
    ['a range of one family', ['pc-q35-9.2', 'pc-q35-9.1', 'pc-q35-9.0'], '9.0 … 9.2', 'q35'],
    ['a range with a gap is no range', ['pc-q35-10.0', 'pc-q35-9.0', 'pc-q35-8.2'], '8.2, 9.0, 10.0', 'q35'],
    ['two families', ['pc-q35-9.2', 'pc-i440fx-9.2', 'pc-q35-9.1', 'pc-i440fx-9.1'], '9.1, 9.2', 'q35 i440fx'],
    ['more families than one reads', ['pc-q35-9.2', 'pc-i440fx-9.2', 'isapc', 'microvm'], '9.2', 'q35 i440fx +2'],
    ['a stranger among them', ['pc-q35-9.2', 'isapc', 'pc-q35-9.1'], '9.1, 9.2', 'q35 isapc'],
  ])('%s', (_name, machines, range, families) => {
    expect(labelMachines(machines, all)).toMatchObject({ range, families });
  });

  it('tells the whole truth in the title where families differ', () => {
    const { title } = labelMachines(['pc-q35-9.2', 'pc-q35-9.1', 'pc-i440fx-9.1', 'isapc'], all);
    expect(title).toBe('q35 9.1, 9.2; i440fx 9.1; isapc');
  });
});
