import type { HostSummary } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { boxSize, layOutGraph, writePath } from './lay-out-graph.ts';
import type { Island, MoveArrow } from './move-graph.ts';

const island = (key: string, layer: number, slot: number, kinds = 1): Island => {
  const fold = { key, hosts: [{ id: key, name: key } as unknown as HostSummary] } as const;
  return { key, layer, slot, folds: Array.from({ length: kinds }, () => fold) };
};
const arrow = (from: string, to: string): MoveArrow => ({ from, to, kind: 'free', pairs: 1, of: 1 });

const islands = [island('a', 0, 0), island('b', 1, 0, 9), island('c', 2, 0), island('d', 0, 1)];
const arrows = [arrow('a', 'b'), arrow('a', 'c'), arrow('d', 'c'), arrow('c', 'a'), arrow('a', 'd')];

describe('the picture of a graph', () => {
  const { boxes, roads, width, height } = layOutGraph({ islands, arrows });

  it('no road passes behind a box of a column between', () => {
    for (const { points } of roads) {
      for (const { x, y } of points.slice(1, -1)) {
        const hit = boxes.find(
          (box) => x >= box.x && x <= box.x + boxSize.width && y >= box.y && y <= box.y + box.height,
        );
        expect(hit).toBeUndefined();
      }
    }
  });

  it('roads do not share a place', () => {
    const places = roads.flatMap(({ points }) => points.map(({ x, y }) => `${x} ${y}`));
    expect(new Set(places).size).toBe(places.length);
  });

  it('all lies inside', () => {
    for (const { points } of roads)
      for (const { x, y } of points) expect(x > 0 && x < width && y > 0 && y < height).toBe(true);
    expect(roads).toHaveLength(arrows.length);
  });

  it('a road is a path, of two boxes of one column a bend', () => {
    for (const { points, isLoop } of roads) expect(writePath({ points, isLoop })).toMatch(/^M[\d.]+ [\d.]+[CL]/);
    expect(roads.filter(({ isLoop }) => isLoop).map(({ arrow: { from, to } }) => from + to)).toEqual(['ad']);
  });
});
