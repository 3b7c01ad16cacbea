import { describe, expect, it } from 'vitest';
import { layOut, lineAt, offsetOf, scrollToShow, sizeOf, visibleLines } from './geometry.ts';

const even = layOut(10, () => 24);
const uneven = layOut(4, (index) => [50, 80, 60, 110][index] ?? 0);

describe('layOut', () => {
  it('adds the sizes up', () => {
    expect(uneven.total).toBe(300);
    expect([0, 1, 2, 3].map((index) => [offsetOf(uneven, index), sizeOf(uneven, index)])).toEqual([
      [0, 50],
      [50, 80],
      [130, 60],
      [190, 110],
    ]);
  });
});

describe('lineAt', () => {
  it.each([
    ['before the first', -1, -1],
    ['the first pixel', 0, 0],
    ['the last pixel of a line', 49, 0],
    ['the first pixel of the next', 50, 1],
    ['the last line', 299, 3],
    ['behind the last', 300, 4],
  ])('%s', (_name, place, line) => {
    expect(lineAt(uneven, place)).toBe(line);
  });
});

describe('visibleLines', () => {
  it.each([
    ['the top', 0, 48, { first: 0, end: 2 }],
    ['partly shown lines count', 12, 48, { first: 0, end: 3 }],
    ['the end', 200, 400, { first: 8, end: 10 }],
    ['no room shows nothing', 0, 0, { first: 0, end: 0 }],
  ])('%s', (_name, scroll, size, expected) => {
    expect(visibleLines(even, scroll, size)).toEqual(expected);
  });

  it('shows nothing of an empty axis', () => {
    expect(
      visibleLines(
        layOut(0, () => 24),
        0,
        100,
      ),
    ).toEqual({ first: 0, end: 0 });
  });
});

describe('scrollToShow', () => {
  it.each([
    ['a line in sight does not move anything', 3, 48, 48],
    ['a line above comes to the top', 1, 48, 24],
    ['a line below comes to the bottom', 9, 0, 144],
  ])('%s', (_name, index, scroll, expected) => {
    expect(scrollToShow(even, index, { scroll, size: 96 })).toBe(expected);
  });
});
