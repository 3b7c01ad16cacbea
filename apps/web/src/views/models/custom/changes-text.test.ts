import { describe, expect, it } from 'vitest';
import { readChanges, writeChanges, type ReadChanges } from './changes-text.ts';

const isFeature = (name: string): boolean => name === 'pcid' || name === 'avx2';

describe('changes of a custom model as text', () => {
  it.each<[string, string, ReadChanges]>([
    ['nothing is no change', ' ', { kind: 'changes', changes: { features: [], properties: [] } }],
    [
      'signs are features, values are properties',
      '+avx2,-mpx, level=13',
      {
        kind: 'changes',
        changes: {
          features: [
            { name: 'avx2', isOn: true },
            { name: 'mpx', isOn: false },
          ],
          properties: [{ name: 'level', value: '13' }],
        },
      },
    ],
    [
      'on and off switch features that QEMU knows, and set what it does not know as one',
      'pcid=off\nkvm=off',
      {
        kind: 'changes',
        changes: { features: [{ name: 'pcid', isOn: false }], properties: [{ name: 'kvm', value: 'off' }] },
      },
    ],
    [
      'a value may have blanks and equal signs',
      'model-id=A = B',
      { kind: 'changes', changes: { features: [], properties: [{ name: 'model-id', value: 'A = B' }] } },
    ],
    ['a bare name says neither', 'avx2', { kind: 'unreadable', reason: 'write +avx2, -avx2 or avx2=VALUE' }],
    ['a sign alone names nothing', '+', { kind: 'unreadable', reason: '"+" names no feature or property' }],
    ['a sign takes no value', '+avx2=on', { kind: 'unreadable', reason: '"+avx2=on" has both a sign and a value' }],
  ])('%s', (_title, text, read) => {
    expect(readChanges(text, isFeature)).toEqual(read);
  });

  it('what is written is read again', () => {
    const changes = {
      features: [{ name: 'avx2', isOn: false }],
      properties: [{ name: 'hv-vendor-id', value: 'my own' }],
    };
    expect(readChanges(writeChanges(changes), isFeature)).toEqual({ kind: 'changes', changes });
  });
});
