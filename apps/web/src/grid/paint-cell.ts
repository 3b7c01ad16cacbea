import { outcomes } from '../matrix/cell.ts';
import { shareOf } from '../matrix/tally.ts';
import type { Tally } from '../matrix/tally.ts';
import type { Cursor } from './cursor.ts';
import { outcomeColour, outcomeWash, paintGlyph, paintProof } from './glyph.ts';
import { fonts } from './grid-layout.ts';
import type { GridCell } from './grid-model.ts';
import type { Box, GridFrame } from './paint-grid.ts';

type OutcomeCell = Extract<GridCell, { kind: 'outcome' }>;

export function paintCell(ctx: CanvasRenderingContext2D, frame: GridFrame, at: Cursor, box: Box): void {
  const cell = frame.model.cell(at.row, at.column);
  if (cell.kind === 'tally') paintTally(ctx, frame, cell.tally, box);
  else paintOutcome(ctx, frame, cell, box);
}

function paintOutcome(ctx: CanvasRenderingContext2D, { palette }: GridFrame, cell: OutcomeCell, box: Box): void {
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
  const hasCount = cell.outcome === 'filtered';
  const centre = box.left + box.width / 2 - 0.5;
  const glyphAt = hasCount ? centre - 10 : centre;
  paintGlyph(ctx, cell.outcome, glyphAt, middle);
  if (hasCount) {
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

/** A folded family: a bar of its outcomes, and how many of its models run as defined. */
function paintTally(ctx: CanvasRenderingContext2D, { palette }: GridFrame, tally: Tally, box: Box): void {
  ctx.fillStyle = palette.gridGroup;
  ctx.fillRect(box.left, box.top, box.width, box.height);
  const total = outcomes.reduce((sum, outcome) => sum + tally[outcome], 0);
  if (total === 0) return;
  const { runs, of } = shareOf(tally);
  const width = Math.min(40, box.width - 12);
  const left = Math.round(box.left + (box.width - width) / 2);
  const bottom = box.top + box.height / 2 + 8;
  ctx.font = fonts.mono;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.fillStyle = palette.inkSoft;
  ctx.fillText(`${runs}/${of}`, box.left + box.width / 2, box.top + box.height / 2 - 2);
  let start = left;
  for (const outcome of outcomes) {
    const share = (tally[outcome] / total) * width;
    ctx.fillStyle = outcomeColour(outcome, palette);
    ctx.fillRect(start, bottom - 2, share, 2);
    start += share;
  }
}
