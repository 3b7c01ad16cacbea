import type { LayerChange } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { describeChanges, describeSilence } from './change-line.ts';

const change = (made: Partial<LayerChange>): LayerChange => ({
  ...{ cause: 'kernel', summary: 'kernel 6.1 → 6.2', gained: [], lost: [], untold: [] },
  ...made,
});

describe('describeChanges', () => {
  it.each([
    { name: 'nothing', changes: [], line: 'nothing that an answer depends on' },
    { name: 'a change without features', changes: [change({})], line: 'kernel 6.1 → 6.2' },
    {
      name: 'features that came and went',
      changes: [change({ gained: ['a'], lost: ['b', 'c'] })],
      line: 'kernel 6.1 → 6.2: lost b, c; gained a',
    },
    {
      name: 'more features than a line holds',
      changes: [change({ lost: ['a', 'b', 'c', 'd', 'e', 'f'] })],
      line: 'kernel 6.1 → 6.2: lost a, b, c, d and 2 more',
    },
    {
      name: 'features out of sight',
      changes: [change({ untold: ['a', 'b'] })],
      line: 'kernel 6.1 → 6.2: 2 features not known any more',
    },
    {
      name: 'more changes than a line holds',
      changes: ['a', 'b', 'c', 'd'].map((summary) => change({ summary })),
      line: 'a · b · c and 1 more',
    },
  ])('$name', ({ changes, line }) => {
    expect(describeChanges(changes)).toBe(line);
  });
});

describe('describeSilence', () => {
  it.each([
    { silentMs: 600_000, line: 'heard again after 10 minutes of silence, unchanged' },
    { silentMs: 3 * 3_600_000, line: 'heard again after 3 hours of silence, unchanged' },
    { silentMs: 5 * 86_400_000, line: 'heard again after 5 days of silence, unchanged' },
  ])('$line', ({ silentMs, line }) => {
    expect(describeSilence(silentMs)).toBe(line);
  });
});
