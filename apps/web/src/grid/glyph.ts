import type { Outcome } from '../matrix/cell.ts';
import type { Palette } from '../theme/palette.ts';

/** Colour of an outcome's glyph. Repeats the glyph, never stands alone. */
export function outcomeColour(outcome: Outcome, palette: Palette): string {
  switch (outcome) {
    case 'runs':
      return palette.runs;
    case 'filtered':
      return palette.filtered;
    case 'refused':
      return palette.refused;
    case 'unknown':
      return palette.unknown;
    case 'not-offered':
      return palette.notOffered;
  }
}

/** Wash behind a cell whose outcome one has to look at; null: none. What is filtered is washed by how much is lost. */
export function outcomeWash(outcome: Outcome, palette: Palette): string | null {
  switch (outcome) {
    case 'filtered':
      return palette.filteredWash;
    case 'refused':
      return palette.refusedWash;
    case 'unknown':
      return palette.unknownWash;
    case 'runs':
    case 'not-offered':
      return null;
  }
}

/** Paints the glyph of an outcome around a centre. The same shapes as components/outcome-glyph.tsx. */
export function paintGlyph(ctx: CanvasRenderingContext2D, outcome: Outcome, x: number, y: number): void {
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  switch (outcome) {
    case 'runs':
      ctx.arc(x, y, 4.5, 0, 2 * Math.PI);
      ctx.fill();
      return;
    case 'filtered':
      ctx.arc(x, y, 4, 0, 2 * Math.PI);
      ctx.stroke();
      ctx.beginPath();
      ctx.arc(x, y, 4, Math.PI / 2, -Math.PI / 2);
      ctx.fill();
      return;
    case 'refused':
      ctx.moveTo(x - 3.5, y - 3.5);
      ctx.lineTo(x + 3.5, y + 3.5);
      ctx.moveTo(x + 3.5, y - 3.5);
      ctx.lineTo(x - 3.5, y + 3.5);
      ctx.lineWidth = 1.75;
      ctx.stroke();
      return;
    case 'unknown':
      paintQuestionMark(ctx, x, y);
      return;
    case 'not-offered':
      ctx.arc(x, y, 3, 0, 2 * Math.PI);
      ctx.lineWidth = 1;
      ctx.stroke();
  }
}

function paintQuestionMark(ctx: CanvasRenderingContext2D, x: number, y: number): void {
  ctx.arc(x, y - 2, 2.5, -Math.PI, Math.PI / 4);
  ctx.quadraticCurveTo(x, y + 0.5, x, y + 1.75);
  ctx.stroke();
  ctx.beginPath();
  ctx.arc(x, y + 4.5, 0.95, 0, 2 * Math.PI);
  ctx.fill();
}

/** A small tick: a real QEMU said the same. A small bolt: it said something else. */
export function paintProof(ctx: CanvasRenderingContext2D, proof: 'equal' | 'different', x: number, y: number): void {
  ctx.lineWidth = 1.25;
  ctx.beginPath();
  if (proof === 'equal') {
    ctx.moveTo(x - 2.5, y);
    ctx.lineTo(x - 0.75, y + 2);
    ctx.lineTo(x + 2.5, y - 2.5);
  } else {
    ctx.moveTo(x - 2.5, y - 1.25);
    ctx.lineTo(x + 2.5, y - 1.25);
    ctx.moveTo(x - 2.5, y + 1.5);
    ctx.lineTo(x + 2.5, y + 1.5);
    ctx.moveTo(x + 1.75, y - 3.25);
    ctx.lineTo(x - 1.75, y + 3.5);
  }
  ctx.stroke();
}
