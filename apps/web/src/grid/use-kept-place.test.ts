import { describe, expect, it } from 'vitest';
import { layOut } from './geometry.ts';
import type { GridHead } from './grid-model.ts';
import { keepPlace } from './use-kept-place.ts';

const head = (key: string): GridHead => ({
  key,
  label: key,
  note: '',
  title: key,
  fold: 'none',
  count: 1,
  isGroup: false,
  isNested: false,
  isDimmed: false,
});
const axisOf = (keys: string) => ({ heads: [...keys].map(head), axis: layOut(keys.length, () => 10) });

describe('keepPlace', () => {
  it.each([
    ['lines that come above the anchor push the scroll', 'abcdef', 20, 'xyabcdef', null, 40],
    ['lines that come below change nothing', 'abcdef', 20, 'abcxydef', null, 20],
    ['the line of the keyboard is the anchor when in sight', 'abcdef', 20, 'abcxydef', 'd', 40],
    ['a line of the keyboard out of sight is not', 'abcdef', 20, 'xabcdef', 'a', 30],
    ['an anchor that is gone leaves the scroll', 'abcdef', 20, 'abdef', null, 20],
    ['never above the top', 'abcdef', 20, 'cdef', null, 0],
    ['half a line stays half a line', 'abcdef', 25, 'xabcdef', null, 35],
  ])('%s', (_name, before, scroll, after, key, expected) => {
    expect(keepPlace({ ...axisOf(before), scroll }, axisOf(after), { key, size: 30 })).toBe(expected);
  });
});
