import type { Island, MoveArrow, MoveGraph } from './move-graph.ts';

/** Names of a box that are written; the others are counted. */
export const shownNames = 6;

export const boxSize = { width: 208, line: 18, padding: 10 } as const;
const space = { betweenColumns: 96, betweenBoxes: 20, margin: 16, road: 12, bulge: 48, head: 2 } as const;

export interface Box {
  readonly island: Island;
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** An arrow as the places that it passes, from the edge of a box to that of another. */
export interface Road {
  readonly arrow: MoveArrow;
  readonly from: Island;
  readonly to: Island;
  readonly points: readonly Point[];
  /** Bends out and back in, as both ends are in one column. */
  readonly isLoop: boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface GraphPicture {
  readonly boxes: readonly Box[];
  readonly roads: readonly Road[];
  readonly width: number;
  readonly height: number;
}

/** Places boxes in columns, and leads each arrow past the boxes of the columns between: none passes behind a box. */
export function layOutGraph({ islands, arrows }: Pick<MoveGraph, 'islands' | 'arrows'>): GraphPicture {
  const bottoms = new Map<number, number>();
  const take = (layer: number, height: number): number => {
    const y = bottoms.get(layer) ?? space.margin;
    bottoms.set(layer, y + height);
    return y;
  };
  const boxes = islands.map((island): Box => {
    const height = heightOf(island);
    return { island, x: leftOf(island.layer), y: take(island.layer, height + space.betweenBoxes), height };
  });
  const byKey = new Map(boxes.map((box) => [box.island.key, box]));
  const ends = arrows.flatMap((arrow) => {
    const [from, to] = [byKey.get(arrow.from), byKey.get(arrow.to)];
    return from === undefined || to === undefined ? [] : [{ arrow, from, to }];
  });
  const portOf = placePorts(ends);
  const roads = ends.map((end): Road => {
    const [start, stop] = [portOf(end, 'from'), portOf(end, 'to')];
    const passed = layersBetween(end).flatMap((layer): Point[] => {
      const y = take(layer, space.road) + space.road / 2;
      const [left, right] = [leftOf(layer), leftOf(layer) + boxSize.width];
      const isRightwards = end.to.x > end.from.x;
      return isRightwards
        ? [
            { x: left, y },
            { x: right, y },
          ]
        : [
            { x: right, y },
            { x: left, y },
          ];
    });
    const { arrow, from, to } = end;
    const isLoop = from.x === to.x;
    return { arrow, from: from.island, to: to.island, points: [start, ...passed, stop], isLoop };
  });
  const layers = [...bottoms.keys()];
  return {
    boxes,
    roads,
    width: layers.length === 0 ? 0 : leftOf(Math.max(...layers)) + boxSize.width + space.bulge + space.margin,
    height: Math.max(0, ...bottoms.values()) + space.margin,
  };
}

const leftOf = (layer: number): number => space.margin + layer * (boxSize.width + space.betweenColumns);

function heightOf({ folds }: Island): number {
  const lines = Math.min(folds.length, shownNames) + (folds.length > shownNames ? 1 : 0);
  return (lines + 1) * boxSize.line + boxSize.padding;
}

interface ArrowEnds {
  readonly arrow: MoveArrow;
  readonly from: Box;
  readonly to: Box;
}

function layersBetween({ from, to }: ArrowEnds): readonly number[] {
  const [a, b] = [from.island.layer, to.island.layer];
  const count = Math.max(0, Math.abs(b - a) - 1);
  return Array.from({ length: count }, (_, at) => (b > a ? a + 1 + at : a - 1 - at));
}

type PortOf = (end: ArrowEnds, side: 'from' | 'to') => Point;

/** Arrows of one side of a box are spread over it, in the order of where they come from. */
function placePorts(ends: readonly ArrowEnds[]): PortOf {
  const sideOf = ({ from, to }: ArrowEnds, end: 'from' | 'to'): 'left' | 'right' => {
    if (to.x === from.x) return 'right';
    return to.x > from.x === (end === 'from') ? 'right' : 'left';
  };
  const ports = new Map<string, { readonly end: ArrowEnds; readonly other: Box }[]>();
  const keyOf = (end: ArrowEnds, side: 'from' | 'to'): string => `${sideOf(end, side)} ${end[side].island.key}`;
  for (const end of ends) {
    for (const side of ['from', 'to'] as const) {
      const other = end[side === 'from' ? 'to' : 'from'];
      const list = ports.get(keyOf(end, side)) ?? [];
      ports.set(keyOf(end, side), list);
      list.push({ end, other });
    }
  }
  for (const list of ports.values()) list.sort((a, b) => a.other.y - b.other.y || a.other.x - b.other.x);
  return (end, side) => {
    const box = end[side];
    const list = ports.get(keyOf(end, side)) ?? [];
    const at = list.findIndex((port) => port.end === end);
    const isRight = sideOf(end, side) === 'right';
    const gap = side === 'to' ? space.head : 0;
    return {
      x: isRight ? box.x + boxSize.width + gap : box.x - gap,
      y: box.y + (box.height * (at + 1)) / (list.length + 1),
    };
  };
}

/** A road as the `d` of an SVG path. */
export function writePath({ points, isLoop }: Pick<Road, 'points' | 'isLoop'>): string {
  const [start, ...rest] = points;
  if (start === undefined) return '';
  let from = start;
  let path = `M${start.x} ${start.y}`;
  rest.forEach((to, at) => {
    const isAlongside = at % 2 === 1;
    const bend = (to.x - from.x) / 2;
    if (isLoop) path += `C${from.x + space.bulge} ${from.y} ${to.x + space.bulge} ${to.y} ${to.x} ${to.y}`;
    else if (isAlongside) path += `L${to.x} ${to.y}`;
    else path += `C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
    from = to;
  });
  return path;
}
