import { describe, expect, it } from 'vitest';
import { formatItem, parseItem } from './compare-items.ts';
import type { CompareItem } from './compare-items.ts';

describe('an item of a comparison in the address', () => {
  it.each<readonly [string, CompareItem, string]>([
    ['a host', { kind: 'host', id: 'demo:node-1' }, 'host:demo:node-1'],
    ['a snapshot', { kind: 'snapshot', hash: 'sha256:ab' }, 'snapshot:sha256:ab'],
    ['a model', { kind: 'model', name: 'EPYC-Milan-v2' }, 'model:EPYC-Milan-v2'],
    [
      'a cell of a host whose id has an @',
      { kind: 'cell', model: 'EPYC', machine: 'pc-q35-10.0', host: 'a@b' },
      'cell:EPYC@pc-q35-10.0@a@b',
    ],
    ['a host whose id has a comma and a percent sign', { kind: 'host', id: '5%2C,x' }, 'host:5%252C%2Cx'],
  ])('%s comes back as it went', (_, item, text) => {
    expect(formatItem(item)).toBe(text);
    expect(parseItem(text)).toEqual(item);
  });

  it.each(['', 'host', 'host:', 'pool:x', 'cell:EPYC', 'cell:EPYC@q35@'])('%j is none', (text) => {
    expect(parseItem(text)).toBeNull();
  });
});
