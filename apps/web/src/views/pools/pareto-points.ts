import type { PlanResult } from '@cpu-atlas/contract';

export type PoolsAnswer = Extract<PlanResult, { readonly kind: 'pools' }>;
export type PoolChoiceDocument = PoolsAnswer['choices'][number];

/** One choice in the plot; x and the y's are parts of the area, 0 to 1, y upwards. */
export interface ParetoPoint {
  /** `3`, or `3s` where every pool survives the loss of a host: unique, as no choice beats another. */
  readonly key: string;
  readonly choice: PoolChoiceDocument;
  readonly x: number;
  readonly y: number;
  /** No split of that many pools keeps more. */
  readonly bound: number;
}

export interface ParetoPlot {
  readonly points: readonly ParetoPoint[];
  readonly columns: readonly { readonly pools: number; readonly x: number }[];
  readonly lines: readonly { readonly share: number; readonly y: number }[];
}

export function keyOfChoice({ pools, survivesLoss }: Pick<PoolChoiceDocument, 'pools' | 'survivesLoss'>): string {
  return `${pools.length}${survivesLoss ? 's' : ''}`;
}

const lineSteps = [0.25, 0.1, 0.05, 0.01] as const;
const fewestLines = 3;

/** Lays choices out: number of pools to the right, kept features upwards. The scale begins below the worst choice. */
export function plotChoices(choices: readonly PoolChoiceDocument[]): ParetoPlot {
  const counts = choices.map(({ pools }) => pools.length);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const worst = Math.min(1, ...choices.map(({ keptShare }) => keptShare));
  const step = lineSteps.find((size) => (1 - worst) / size >= fewestLines) ?? lineSteps[lineSteps.length - 1] ?? 0.01;
  const floor = Math.max(0, Math.floor(worst / step - 1e-9) * step);
  const span = Math.max(1 - floor, step);
  const xOf = (pools: number): number => (pools - fewest + 0.5) / (most - fewest + 1);
  const yOf = (share: number): number => (share - floor) / span;
  const lineCount = Math.round(span / step);
  return {
    points: choices.map((choice) => ({
      key: keyOfChoice(choice),
      choice,
      x: xOf(choice.pools.length),
      y: yOf(choice.keptShare),
      bound: yOf(choice.keptShareBound),
    })),
    columns: Array.from({ length: choices.length === 0 ? 0 : most - fewest + 1 }, (_, at) => ({
      pools: fewest + at,
      x: xOf(fewest + at),
    })),
    lines: Array.from({ length: lineCount + 1 }, (_, at) => {
      const share = Math.min(1, floor + at * step);
      return { share, y: yOf(share) };
    }),
  };
}

/** A share as whole per cents, except where that would call something whole that is not. */
export function writeShare(share: number): string {
  const percent = share * 100;
  return share < 1 && percent >= 99.5 ? `${(Math.floor(percent * 10) / 10).toFixed(1)} %` : `${Math.round(percent)} %`;
}
