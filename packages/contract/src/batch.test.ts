import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBatchLine } from './batch.ts';

const good = { id: 'a', snapshot: 'h.json', catalog: '10.0', accel: 'kvm', machine: 'q35', cpu: 'EPYC' };
const parse = (value: unknown) => parseBatchLine(JSON.stringify(value), 'stdin line 1');

describe('parseBatchLine understands', () => {
  it.each<[string, object, object]>([
    [
      'the documented line',
      { kernelIrqchip: 'split' },
      { accel: 'kvm', machine: 'q35', cpu: 'EPYC', kernelIrqchip: 'split' },
    ],
    ['a null kernelIrqchip as the default', { kernelIrqchip: null }, { kernelIrqchip: undefined }],
    ['extra keys, which it ignores', { rack: 7, nested: { deep: [1] } }, { cpu: 'EPYC' }],
    ['smp as a number', { smp: 4 }, { smp: { cpus: 4 } }],
    ['smp as text', { smp: '8,sockets=2,cores=2,threads=2' }, { smp: { cpus: 8, sockets: 2, cores: 2, threads: 2 } }],
    ['smp as an object', { smp: { cores: 2, threads: 2 } }, { smp: { cores: 2, threads: 2 } }],
    ['an empty -cpu argument, which the resolver judges', { cpu: '' }, { cpu: '' }],
  ])('%s', (_, extra, request) => {
    expect(parse({ ...good, ...extra })).toMatchObject({
      kind: 'request',
      value: { id: 'a', snapshot: 'h.json', catalog: '10.0', request },
    });
  });

  it.each([['text'], [17], [null], [{ a: 1 }], [undefined]])('the id %j and keeps it', (id) => {
    expect(parse({ ...good, id })).toMatchObject({ value: { id } });
  });

  it('a line without snapshot and catalog', () => {
    expect(parse({ accel: 'tcg', machine: 'pc', cpu: 'max' })).toMatchObject({
      value: { snapshot: undefined, catalog: undefined },
    });
  });
});

describe('parseBatchLine answers with a fault, and keeps the id, for', () => {
  it.each<[string, string, string, string]>([
    ['a missing machine', '{"id":5,"accel":"kvm","cpu":"x"}', 'REQUEST_INVALID', '$.machine'],
    ['another accelerator', '{"id":5,"accel":"xen","machine":"pc","cpu":"x"}', 'ACCELERATOR_UNKNOWN', '$.accel'],
    [
      'another irqchip',
      '{"id":5,"accel":"kvm","machine":"pc","cpu":"x","kernelIrqchip":"maybe"}',
      'REQUEST_INVALID',
      '$.kernelIrqchip',
    ],
    [
      'a topology that is none',
      '{"id":5,"accel":"kvm","machine":"pc","cpu":"x","smp":"many"}',
      'REQUEST_INVALID',
      '$.smp',
    ],
    ['a topology below zero', '{"id":5,"accel":"kvm","machine":"pc","cpu":"x","smp":-1}', 'REQUEST_INVALID', '$.smp'],
    ['a -cpu argument that is no text', '{"id":5,"accel":"kvm","machine":"pc","cpu":{}}', 'REQUEST_INVALID', '$.cpu'],
  ])('%s', (_, line, code, place) => {
    expect(parseBatchLine(line, 'stdin line 9')).toMatchObject({
      kind: 'fault',
      id: 5,
      error: { code, where: expect.stringContaining(`stdin line 9: ${place}`) as string },
    });
  });

  it.each([['{'], ['nonsense'], ['[1]'], ['"text"'], ['null'], ['\u0000']])('%j, which has no id', (line) => {
    expect(parseBatchLine(line, 'stdin line 2')).toMatchObject({
      kind: 'fault',
      id: undefined,
      error: { code: 'REQUEST_INVALID' },
    });
  });

  it('any text and any JSON, without throwing', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.json()),
        (line) => parseBatchLine(line, 'x').kind === 'fault',
      ),
    );
  });
});
