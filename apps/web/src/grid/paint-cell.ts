import { outcomes } from '../matrix/cell.ts';
import { shareOf } from '../matrix/tally.ts';
import type { Tally } from '../matrix/tally.ts';
import type { Cursor } from './cursor.ts';
import { outcomeColour, outcomeWash, paintGlyph, paintProof } from './glyph.ts';
import { fonts, gridSpace } from './grid-layout.ts';
import type { GridCell } from './grid-model.ts';
import type { Box, GridFrame } from './paint-grid.ts';

type OutcomeCell = Extract<GridCell, { kind: 'outcome' }>;

export function paintCell(ctx: CanvasRenderingContext2D, frame: GridFrame, at: Cursor, box: Box): void {
  const cell = frame.model.cell(at.row, at.column);
  if (cell.kind === 'tally') paintTally(ctx, frame, cell.tally, box);
  else paintOutcome(ctx, frame, cell, box);
}

function paintOutcome(ctx: CanvasRenderingContext2D, frame: GridFrame, cell: OutcomeCell, box: Box): void {
  const { palette } = frame;
  const wash = outcomeWash(cell.outcome, palette);
  const strength = cell.isFaded ? 0.2 : cell.isDimmed ? 0.6 : 1;
  if (wash !== null) {
    ctx.globalAlpha = cell.outcome === 'filtered' ? strength * washStrength(cell.loss) : strength;
    ctx.fillStyle = wash;
    ctx.fillRect(box.left, box.top, box.width, box.height);
  }
  ctx.globalAlpha = strength;
  const colour = outcomeColour(cell.outcome, palette);
  ctx.fillStyle = colour;
  ctx.strokeStyle = colour;
  const middle = box.top + box.height / 2 - 0.5;
  const glyphAt = box.left + textInset(frame) + 4.5;
  paintGlyph(ctx, cell.outcome, glyphAt, middle);
  if (cell.outcome === 'filtered' && cell.filtered > 0) {
    ctx.font = fonts.mono;
    ctx.textBaseline = 'middle';
    ctx.textAlign = 'left';
    ctx.fillText(String(cell.filtered), glyphAt + 9, middle + 1);
  }
  if (cell.proof !== null) {
    ctx.strokeStyle = cell.proof === 'equal' ? palette.inkSoft : palette.refused;
    paintProof(ctx, cell.proof, box.left + box.width - 7, box.top + 6);
  }
  ctx.globalAlpha = 1;
}

/** Half of the features lost is as bad as it looks. */
function washStrength(loss: number): number {
  return 0.2 + 0.8 * Math.min(1, loss * 2);
}

const barWidth = 36;

/** Cells begin where the words of their column head begin; under turned heads they have less room. */
function textInset({ model }: GridFrame): number {
  return model.columnHeads === 'turned' ? 6 : gridSpace.padding;
}

/** A folded family: a bar of its outcomes, and how many of its models run as defined. */
function paintTally(ctx: CanvasRenderingContext2D, frame: GridFrame, tally: Tally, box: Box): void {
  const { palette } = frame;
  ctx.fillStyle = palette.gridGroup;
  ctx.fillRect(box.left, box.top, box.width, box.height);
  const total = outcomes.reduce((sum, outcome) => sum + tally[outcome], 0);
  if (total === 0) return;
  const { runs, of } = shareOf(tally);
  const left = box.left + textInset(frame);
  const width = Math.min(barWidth, box.width - 2 * textInset(frame));
  const bottom = box.top + box.height / 2 + 8;
  ctx.font = fonts.mono;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.fillStyle = palette.inkSoft;
  ctx.fillText(`${runs}/${of}`, left, box.top + box.height / 2 - 2);
  let start = left;
  for (const outcome of outcomes) {
    const share = (tally[outcome] / total) * width;
    ctx.fillStyle = outcomeColour(outcome, palette);
    ctx.fillRect(start, bottom - 2, share, 2);
    start += share;
  }
}
