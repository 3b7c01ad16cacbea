import { useMemo } from 'react';
import { boxSize, layOutGraph, shownNames, writePath } from './lay-out-graph.ts';
import type { Box, Road } from './lay-out-graph.ts';
import { drawMoves } from './move-graph.ts';
import type { Island } from './move-graph.ts';
import type { Moves } from './moves.ts';
import { nameFold } from './select-hosts.ts';
import type { HostFold } from './select-hosts.ts';

interface MoveGraphPictureProps {
  readonly folds: readonly HostFold[];
  readonly moves: Moves;
  readonly isGrowing: boolean;
}

/** Islands of hosts that are open to each other, and the one-way roads between them. */
export function MoveGraphPicture({ folds, moves, isGrowing }: MoveGraphPictureProps) {
  const graph = useMemo(() => drawMoves(folds, moves), [folds, moves]);
  const { boxes, roads, width, height } = useMemo(() => layOutGraph(graph), [graph]);
  if (isGrowing) {
    return (
      <p className="pool-waiting" role="status">
        The picture is drawn once all moves are computed.
      </p>
    );
  }
  return (
    <div className="page-scroll" tabIndex={0} role="region" aria-label="Graph of moves">
      {graph.unknown.length === 0 ? null : (
        <p className="move-unknown">
          <span className="glyph-unknown">?</span> Nothing is known of the moves of{' '}
          {graph.unknown.map(nameFold).join(', ')}.
        </p>
      )}
      <svg className="move-graph" width={width} height={height} role="img" aria-label={describeGraph(graph.islands)}>
        <defs>
          {(['free', 'trap'] as const).map((kind) => (
            <marker
              key={kind}
              id={`arrow-${kind}`}
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="8"
              markerHeight="8"
              markerUnits="userSpaceOnUse"
              orient="auto"
            >
              <path className={`move-head-${kind}`} d="M0 0 8 4 0 8z" />
            </marker>
          ))}
        </defs>
        {roads.map((road) => (
          <path
            key={`${road.arrow.kind} ${road.arrow.from} ${road.arrow.to}`}
            className={`move-arrow move-arrow-${road.arrow.kind}`}
            d={writePath(road)}
            markerEnd={`url(#arrow-${road.arrow.kind})`}
          >
            <title>{sayRoad(road)}</title>
          </path>
        ))}
        {boxes.map((box) => (
          <IslandBox key={box.island.key} box={box} />
        ))}
      </svg>
      <ul className="visually-hidden">
        {roads.map((road) => (
          <li key={`${road.arrow.kind} ${road.arrow.from} ${road.arrow.to}`}>{sayRoad(road)}</li>
        ))}
      </ul>
    </div>
  );
}

const countOf = ({ folds }: Island): number => folds.reduce((sum, { hosts }) => sum + hosts.length, 0);

function nameIsland(island: Island): string {
  const [first] = island.folds;
  const count = countOf(island);
  if (first === undefined) return '';
  return count === 1 ? first.hosts[0].name : `${first.hosts[0].name} and ${count - 1} more`;
}

function describeGraph(islands: readonly Island[]): string {
  return `${islands.length} groups of hosts between which a VM goes and comes back: ${islands.map(nameIsland).join('; ')}`;
}

function sayRoad({ arrow: { kind, pairs, of }, from, to }: Road): string {
  const part = pairs === of ? '' : ` (${pairs} of ${of} pairs)`;
  const what = kind === 'free' ? 'can move to' : 'can move, as a trap, to';
  return `${nameIsland(from)} ${what} ${nameIsland(to)}${part}`;
}

const nameLength = 28;

function IslandBox({ box: { island, x, y, height } }: { readonly box: Box }) {
  const count = countOf(island);
  const names = island.folds.slice(0, shownNames).map(nameFold);
  const more = island.folds.length - names.length;
  return (
    <g className="move-island">
      <title>{island.folds.map(nameFold).join('\n')}</title>
      <rect x={x} y={y} width={boxSize.width} height={height} rx={4} />
      <text className="move-count" x={x + boxSize.padding} y={y + boxSize.line}>
        {count === 1 ? '1 host' : `${count} hosts, free among them`}
      </text>
      {[...names, ...(more > 0 ? [`and ${more} more kinds`] : [])].map((name, at) => (
        <text key={name} className="move-name" x={x + boxSize.padding} y={y + (at + 2) * boxSize.line}>
          {name.length > nameLength ? `${name.slice(0, nameLength - 1)}…` : name}
        </text>
      ))}
    </g>
  );
}
