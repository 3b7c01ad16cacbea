import type { KeyboardEvent } from 'react';
import { plotChoices, writeShare } from './pareto-points.ts';
import type { ParetoPoint, PoolChoiceDocument } from './pareto-points.ts';

const size = { width: 460, height: 220, left: 44, right: 12, top: 12, bottom: 36 } as const;
const area = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom } as const;
const toX = (x: number): number => size.left + x * area.width;
const toY = (y: number): number => size.top + (1 - y) * area.height;

interface ParetoPlotProps {
  readonly choices: readonly PoolChoiceDocument[];
  readonly chosen: string;
  readonly onChoose: (key: string) => void;
}

/** Few pools against much capability: one mark for each choice that no other beats. Each can be pressed. */
export function ParetoPlot({ choices, chosen, onChoose }: ParetoPlotProps) {
  const { points, columns, lines } = plotChoices(choices);
  const sturdy = points.filter(({ choice }) => choice.survivesLoss);
  return (
    <svg
      className="pareto"
      viewBox={`0 0 ${size.width} ${size.height}`}
      role="group"
      aria-label="Number of pools against the share of features kept"
    >
      {lines.map(({ share, y }) => (
        <g key={share}>
          <line className="pareto-line" x1={size.left} x2={size.width - size.right} y1={toY(y)} y2={toY(y)} />
          <text className="pareto-text" x={size.left - 8} y={toY(y) + 4} textAnchor="end">
            {writeShare(share)}
          </text>
        </g>
      ))}
      {columns.map(({ pools, x }) => (
        <text key={pools} className="pareto-text" x={toX(x)} y={size.height - size.bottom + 18} textAnchor="middle">
          {pools}
        </text>
      ))}
      <text className="pareto-text" x={toX(0.5)} y={size.height - 2} textAnchor="middle">
        pools
      </text>
      <polyline className="pareto-front" points={sturdy.map(({ x, y }) => `${toX(x)},${toY(y)}`).join(' ')} />
      {points.map((point) => (
        <Point key={point.key} point={point} isChosen={point.key === chosen} onChoose={onChoose} />
      ))}
    </svg>
  );
}

interface PointProps {
  readonly point: ParetoPoint;
  readonly isChosen: boolean;
  readonly onChoose: (key: string) => void;
}

function Point({ point: { key, choice, x, y, bound }, isChosen, onChoose }: PointProps) {
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    onChoose(key);
  };
  return (
    <g
      className="pareto-point"
      role="button"
      tabIndex={0}
      aria-pressed={isChosen}
      aria-label={describeChoice(choice)}
      onClick={() => onChoose(key)}
      onKeyDown={press}
    >
      <title>{describeChoice(choice)}</title>
      {choice.isBest ? null : (
        <path className="pareto-bound" d={`M${toX(x)} ${toY(y)}V${toY(bound)}m-4 0h8`} fill="none" />
      )}
      <circle className="pareto-reach" cx={toX(x)} cy={toY(y)} r={12} />
      <circle className={choice.survivesLoss ? 'pareto-sturdy' : 'pareto-fragile'} cx={toX(x)} cy={toY(y)} r={5} />
    </g>
  );
}

/** One sentence for a choice. */
export function describeChoice({ pools, keptShare, keptShareBound, isBest, survivesLoss }: PoolChoiceDocument): string {
  const count = pools.length === 1 ? '1 pool keeps' : `${pools.length} pools keep`;
  const proof = isBest ? 'no split does better' : `no split keeps more than ${writeShare(keptShareBound)}`;
  const loss = survivesLoss ? 'every pool survives the loss of a host' : 'a pool does not survive the loss of a host';
  return `${count} ${writeShare(keptShare)} of the features; ${proof}; ${loss}`;
}
