import { describe, expect, it } from 'vitest';
import { writeAge } from './age.tsx';

describe('writeAge', () => {
  it.each([
    [-3, 'just now'],
    [20, 'just now'],
    [90, '2 min ago'],
    [3_540, '59 min ago'],
    [7_200, '2 h ago'],
    [200_000, '2 days ago'],
    [Number.NaN, 'at an unknown time'],
  ])('%d s: %s', (seconds, expected) => {
    expect(writeAge(seconds)).toBe(expected);
  });
});
