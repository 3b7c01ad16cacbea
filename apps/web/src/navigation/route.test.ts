import { describe, expect, it } from 'vitest';
import { clampPaneWidth, paneWidthLimits } from './matrix-fields.ts';
import { formatRoute, parseRoute, routeTo } from './route.ts';
import type { MatrixState } from './route.ts';

const parse = (path: string) => parseRoute(new URL(path, 'http://127.0.0.1:4280'));
const matrix = (change: Partial<MatrixState>) => routeTo('matrix', change);

const hash = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('a route and its address', () => {
  it.each([
    ['the matrix at its defaults', '/matrix', matrix({})],
    [
      'an explained cell',
      '/matrix?cell=EPYC-Milan-v2@pc-q35-10.0',
      matrix({ cell: { model: 'EPYC-Milan-v2', machine: 'pc-q35-10.0' } }),
    ],
    ['the front panel', '/matrix?accel=tcg&machines=q35', matrix({ accel: 'tcg', machines: 'q35' })],
    ['irqchip', '/matrix?irqchip=split', matrix({ irqchip: 'split' })],
    ['a search with a space', '/matrix?search=intel+skylake', matrix({ search: 'intel skylake' })],
    ['a search with signs', '/matrix?search=%2Bvaes%26x', matrix({ search: '+vaes&x' })],
    [
      'switches',
      '/matrix?differing=1&deprecated=1&transposed=1&density=comfortable',
      matrix({ onlyDiffering: true, showDeprecated: true, isTransposed: true, density: 'comfortable' }),
    ],
    [
      'folds',
      '/matrix?folded=AMD+EPYC,Intel+Haswell&unfolded=pc-q35-7.2',
      matrix({ folded: ['AMD EPYC', 'Intel Haswell'], unfolded: ['pc-q35-7.2'] }),
    ],
    ['pins', `/matrix?host=a&snapshot=${hash}&catalog=${hash}`, matrix({ host: 'a', snapshot: hash, catalog: hash })],
    ['the width of the pane', '/matrix?pane=512', matrix({ paneWidth: 512 })],
    ['the hosts', '/hosts', routeTo('hosts')],
    ['an address that is none of ours', '/nowhere', { view: 'not-found', path: '/nowhere' }],
  ] as const)('%s', (_name, path, route) => {
    expect(parse(path)).toEqual(route);
    expect(formatRoute(route)).toBe(path);
  });
});

describe('an address that nobody here wrote', () => {
  it.each([
    ['the root is the matrix', '/', {}],
    ['a slash at the end does not matter', '/matrix/', {}],
    ['an unknown accelerator is kvm', '/matrix?accel=xen', {}],
    ['an unknown irqchip is left to the machine type', '/matrix?irqchip=maybe', {}],
    ['a cell without a machine type is no cell', '/matrix?cell=EPYC@', {}],
    ['a cell without a model is no cell', '/matrix?cell=@q35', {}],
    ['the last @ divides', '/matrix?cell=a@b@c', { cell: { model: 'a@b', machine: 'c' } }],
    ['a width that is no number is the usual one', '/matrix?pane=wide', {}],
    ['a huge width is cut', '/matrix?pane=99999', { paneWidth: paneWidthLimits.most }],
    ['parameters of a later version are passed over', '/matrix?pivot=feature', {}],
    ['a long text is cut', `/matrix?search=${'x'.repeat(5000)}`, { search: 'x'.repeat(256) }],
  ] as const)('%s', (_name, path, change) => {
    expect(parse(path)).toEqual(matrix(change));
  });
});

describe('clampPaneWidth', () => {
  it.each([
    [0, paneWidthLimits.least],
    [400.4, 400],
    [1e9, paneWidthLimits.most],
  ])('%d becomes %d', (width, expected) => {
    expect(clampPaneWidth(width)).toBe(expected);
  });
});
