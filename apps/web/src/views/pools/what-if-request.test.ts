import type { HostSummary } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { readPasted, writeChanges } from './what-if-request.ts';

const hosts = ['a', 'b'].map((id) => ({ id, name: id }) as unknown as HostSummary);
const nothing = { out: [], toCatalog: '', toIrqchip: '', toMachine: '' } as const;
const none = { kind: 'none' } as const;
const snapshotOf = (id: string) =>
  readPasted(JSON.stringify({ schema: 'cpu-atlas/host-snapshot/1', host: { id, name: id } }));

describe('toggles as changes', () => {
  it.each([
    ['nothing is no change', nothing, none, []],
    ['a host left out', { ...nothing, out: ['b'] }, none, [{ kind: 'remove', host: 'b' }]],
    ['a host that is not among the chosen is passed over', { ...nothing, out: ['z'] }, none, []],
    [
      'another QEMU, for those that stay',
      { ...nothing, out: ['b'], toCatalog: '11.1.3' },
      none,
      [
        { kind: 'remove', host: 'b' },
        { kind: 'replace', host: 'a', catalog: '11.1.3' },
      ],
    ],
    [
      'machine type and irqchip are one change',
      { ...nothing, toMachine: 'q35', toIrqchip: 'split' } as const,
      none,
      [{ kind: 'configure', machine: 'q35', kernelIrqchip: 'split' }],
    ],
    ['a snapshot of a chosen host replaces it', nothing, snapshotOf('a'), [{ kind: 'replace', host: 'a' }]],
    ['a snapshot of another host adds it', nothing, snapshotOf('new'), [{ kind: 'add' }]],
  ])('%s', (_, toggles, pasted, changes) => {
    const written = writeChanges(toggles, hosts, pasted);
    expect(written).toHaveLength(changes.length);
    expect(written).toMatchObject(changes);
  });
});

describe('a pasted snapshot', () => {
  it.each([
    ['nothing', '  ', 'none'],
    ['no JSON', '{', 'damaged'],
    ['JSON of something else', '{"schema":"x"}', 'damaged'],
    ['a snapshot', '{"schema":"cpu-atlas/host-snapshot/1","host":{"id":"a","name":"a"}}', 'snapshot'],
  ])('%s', (_, text, kind) => {
    expect(readPasted(text).kind).toBe(kind);
  });
});
