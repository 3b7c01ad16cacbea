import { cutToFit } from './cut-to-fit.ts';
import { fonts, gridSpace, turnedLengthPx, writeCount, writeShare } from './grid-layout.ts';
import type { Box, GridFrame } from './paint-grid.ts';
import type { GridHead } from './grid-model.ts';

export function paintRowHead(ctx: CanvasRenderingContext2D, frame: GridFrame, row: number, box: Box): void {
  const { model, palette, hover, chosen } = frame;
  const head = model.rows[row];
  if (head === undefined) return;
  ctx.fillStyle = headFill(frame, head, hover?.row === row, chosen?.row === row);
  ctx.fillRect(box.left, box.top, box.width, box.height);
  ctx.fillStyle = palette.gridLine;
  ctx.fillRect(box.left, box.top + box.height - 1, box.width, 1);
  const middle = box.top + box.height / 2 - 0.5;
  let left = box.left + gridSpace.padding + (head.isNested ? gridSpace.indent : 0);
  ctx.globalAlpha = head.isDimmed ? 0.65 : 1;
  if (head.fold !== 'none') {
    ctx.fillStyle = palette.inkQuiet;
    paintFoldMark(ctx, head.fold, left + 4, middle);
    left += gridSpace.foldMark;
  }
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.font = head.isGroup ? fonts.sansStrong : fonts.mono;
  ctx.fillStyle = palette.ink;
  ctx.fillText(head.label, left, middle + 1);
  left += ctx.measureText(head.label).width + gridSpace.gap;
  ctx.font = fonts.sans;
  ctx.fillStyle = palette.inkQuiet;
  for (const text of [head.note, writeCount(head)]) {
    if (text === '') continue;
    ctx.fillText(text, left, middle + 1);
    left += ctx.measureText(text).width + gridSpace.gap;
  }
  ctx.globalAlpha = 1;
}

export function paintColumnHead(ctx: CanvasRenderingContext2D, frame: GridFrame, column: number, box: Box): void {
  const { model, palette, hover, chosen } = frame;
  const head = model.columns[column];
  if (head === undefined) return;
  ctx.fillStyle = headFill(frame, head, hover?.column === column, chosen?.column === column);
  ctx.fillRect(box.left, box.top, box.width, box.height);
  ctx.fillStyle = palette.line;
  ctx.fillRect(box.left + box.width - 1, box.top, 1, box.height);
  ctx.globalAlpha = head.isDimmed ? 0.65 : 1;
  if (model.columnHeads === 'turned') paintTurned(ctx, frame, head, box);
  else paintLevel(ctx, frame, head, box);
  ctx.globalAlpha = 1;
}

function paintLevel(ctx: CanvasRenderingContext2D, { palette }: GridFrame, head: GridHead, box: Box): void {
  const left = box.left + gridSpace.padding;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  ctx.font = fonts.monoStrong;
  ctx.fillStyle = palette.ink;
  ctx.fillText(head.label, left, box.top + 20);
  if (head.fold !== 'none') {
    ctx.fillStyle = palette.inkQuiet;
    const end = left + ctx.measureText(head.label).width;
    paintFoldMark(ctx, head.fold, end + 10, box.top + 16);
    ctx.font = fonts.sans;
    ctx.fillText(writeCount(head), end + gridSpace.foldMark + 2, box.top + 20);
  }
  ctx.font = fonts.sans;
  ctx.fillStyle = palette.inkQuiet;
  ctx.fillText(head.note, left, box.top + 37);
}

/** Read from the bottom to the top. */
function paintTurned(ctx: CanvasRenderingContext2D, { palette }: GridFrame, head: GridHead, box: Box): void {
  ctx.save();
  ctx.translate(box.left + box.width / 2, box.top + box.height - 10);
  if (head.fold !== 'none') {
    ctx.fillStyle = palette.inkQuiet;
    paintFoldMark(ctx, head.fold, 0, -3);
  }
  ctx.rotate(-Math.PI / 2);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.font = head.isGroup ? fonts.sansStrong : fonts.mono;
  ctx.fillStyle = palette.ink;
  const start = head.fold === 'none' ? 0 : gridSpace.turnedFold;
  // Only what is long is measured: this runs for each column of each frame.
  const label = head.label.length > 20 ? cutToFit(ctx, head.label, turnedLengthPx - start) : head.label;
  ctx.fillText(label, start, 1);
  ctx.restore();
}

/** n of N of a row. */
export function paintShare(ctx: CanvasRenderingContext2D, frame: GridFrame, row: number, box: Box): void {
  const { model, palette, hover, chosen } = frame;
  const head = model.rows[row];
  if (head === undefined) return;
  const { runs, of } = model.share(row);
  ctx.fillStyle = headFill(frame, head, hover?.row === row, chosen?.row === row);
  ctx.fillRect(box.left, box.top, box.width, box.height);
  ctx.fillStyle = palette.gridLine;
  ctx.fillRect(box.left, box.top + box.height - 1, box.width, 1);
  ctx.font = fonts.mono;
  ctx.textAlign = 'right';
  ctx.textBaseline = 'middle';
  ctx.fillStyle = of > 0 && runs === of ? palette.ink : palette.inkQuiet;
  ctx.fillText(writeShare({ runs, of }), box.left + box.width - gridSpace.padding, box.top + box.height / 2 + 0.5);
}

export function paintCorner(ctx: CanvasRenderingContext2D, frame: GridFrame, body: Box): void {
  const { layout, model, palette } = frame;
  ctx.fillStyle = palette.chrome;
  ctx.fillRect(0, 0, layout.headWidth, layout.headHeight);
  ctx.fillRect(body.left + body.width, 0, layout.shareWidth, layout.headHeight);
  ctx.strokeStyle = palette.line;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(0, 0);
  ctx.lineTo(layout.headWidth, layout.headHeight);
  ctx.stroke();
  ctx.font = fonts.sans;
  ctx.textBaseline = 'alphabetic';
  ctx.fillStyle = palette.inkQuiet;
  ctx.textAlign = 'left';
  ctx.fillText(model.corner.row, gridSpace.padding, layout.headHeight - 11);
  ctx.textAlign = 'right';
  ctx.fillText(model.corner.column, layout.headWidth - gridSpace.padding, 20);
  ctx.fillText('n/N', body.left + body.width + layout.shareWidth - gridSpace.padding, layout.headHeight - 11);
}

function headFill({ palette }: GridFrame, head: GridHead, isHovered: boolean, isChosen: boolean): string {
  if (isChosen) return palette.accentWash;
  if (isHovered) return palette.well;
  return head.isGroup ? palette.gridGroup : palette.chrome;
}

function paintFoldMark(ctx: CanvasRenderingContext2D, fold: 'open' | 'closed', x: number, y: number): void {
  ctx.beginPath();
  if (fold === 'open') {
    ctx.moveTo(x - 4, y - 2.5);
    ctx.lineTo(x + 4, y - 2.5);
    ctx.lineTo(x, y + 3);
  } else {
    ctx.moveTo(x - 2.5, y - 4);
    ctx.lineTo(x + 3, y);
    ctx.lineTo(x - 2.5, y + 4);
  }
  ctx.fill();
}
