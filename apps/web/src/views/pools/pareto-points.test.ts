import { describe, expect, it } from 'vitest';
import { plotChoices, writeShare } from './pareto-points.ts';
import type { PoolChoiceDocument } from './pareto-points.ts';

function choice(pools: number, keptShare: number, survivesLoss = true, keptShareBound = keptShare): PoolChoiceDocument {
  const pool = {} as PoolChoiceDocument['pools'][number];
  const list = Array.from({ length: pools }, () => pool);
  return { pools: list, keptShare, keptShareBound, isBest: keptShare === keptShareBound, survivesLoss };
}

describe('the plot of choices', () => {
  it('goes right with the number of pools, and up with what is kept', () => {
    const { points, columns, lines } = plotChoices([choice(1, 0.6), choice(2, 0.8, false, 0.9), choice(2, 0.7)]);
    expect(points.map(({ key }) => key)).toEqual(['1s', '2', '2s']);
    expect(columns).toEqual([
      { pools: 1, x: 0.25 },
      { pools: 2, x: 0.75 },
    ]);
    const [low, high, between] = points.map(({ y }) => y);
    expect(low).toBeLessThan(between ?? 0);
    expect(between).toBeLessThan(high ?? 0);
    expect(points[1]?.bound).toBeGreaterThan(high ?? 1);
    expect(lines[0]?.y).toBeCloseTo(0);
    expect(lines.at(-1)).toMatchObject({ share: 1 });
  });

  it('stays inside its area when all is kept, and when there is nothing', () => {
    for (const { y } of plotChoices([choice(1, 1)]).points) expect(y).toBeGreaterThanOrEqual(0);
    for (const { y } of plotChoices([choice(1, 1)]).points) expect(y).toBeLessThanOrEqual(1);
    expect(plotChoices([])).toMatchObject({ points: [], columns: [] });
  });

  it.each([
    [1, '100 %'],
    [0.9996, '99.9 %'],
    [0.995, '99.5 %'],
    [0.612, '61 %'],
    [0, '0 %'],
  ])('%d is %s', (share, text) => {
    expect(writeShare(share)).toBe(text);
  });
});
