import { cellBox, clipTo } from './paint-grid.ts';
import { cutToFit } from './cut-to-fit.ts';
import type { Box, GridFrame } from './paint-grid.ts';
import { fonts, gridSpace } from './grid-layout.ts';
import type { GridNote } from './grid-model.ts';
import type { LineRange } from './geometry.ts';

/** Less room than this is left empty. */
const leastWidth = 160;
const wordGap = 8;

/** Writes what rows lose into the room behind them, as much as fits. */
export function paintNotes(ctx: CanvasRenderingContext2D, frame: GridFrame, rows: LineRange, box: Box): void {
  const { layout, model, palette } = frame;
  const { notes } = model;
  if (notes === null || box.width < leastWidth) return;
  const left = box.left + gridSpace.padding;
  const end = box.left + box.width - gridSpace.padding;
  clipTo(ctx, { ...box, top: layout.headHeight, height: box.height - layout.headHeight }, () => {
    for (let row = rows.first; row < rows.end; row++) {
      const { top, height } = cellBox(frame, { row, column: 0 });
      const isGroup = model.rows[row]?.isGroup === true;
      if (isGroup || frame.hover?.row === row) {
        ctx.fillStyle = isGroup ? palette.gridGroup : palette.gridBand;
        ctx.fillRect(box.left, top, box.width, height);
      }
      ctx.fillStyle = palette.gridLine;
      ctx.fillRect(box.left, top + height - 1, box.width, 1);
      const note = notes.noteOf(row);
      if (note !== null) writeNote(ctx, frame, note, { left, end, middle: top + height / 2 + 0.5 });
    }
  });
  ctx.fillStyle = palette.chrome;
  ctx.fillRect(box.left, 0, box.width, layout.headHeight);
  ctx.font = fonts.sans;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  ctx.fillStyle = palette.inkQuiet;
  ctx.fillText(notes.title, left, layout.headHeight - 11);
}

interface Line {
  readonly left: number;
  readonly end: number;
  readonly middle: number;
}

function writeNote(ctx: CanvasRenderingContext2D, frame: GridFrame, note: GridNote, { left, end, middle }: Line): void {
  const { palette, model } = frame;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  if (note.kind === 'prose') {
    ctx.font = fonts.sans;
    ctx.fillStyle = palette.inkSoft;
    ctx.fillText(cutToFit(ctx, note.text, end - left), left, middle);
    return;
  }
  ctx.font = fonts.mono;
  const marked = model.notes?.marked ?? null;
  const words =
    marked !== null && note.words.includes(marked)
      ? [marked, ...note.words.filter((word) => word !== marked)]
      : note.words;
  let at = left;
  for (const [index, word] of words.entries()) {
    const rest = `+${words.length - index}`;
    const width = ctx.measureText(word).width;
    const room = index === words.length - 1 ? 0 : ctx.measureText(rest).width + wordGap;
    if (at + width + room > end) {
      ctx.fillStyle = palette.inkQuiet;
      ctx.fillText(rest, at, middle);
      return;
    }
    ctx.fillStyle = word === marked ? palette.filtered : palette.inkSoft;
    ctx.fillText(word, at, middle);
    at += width + wordGap;
  }
}
