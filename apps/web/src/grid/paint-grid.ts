import type { Palette } from '../theme/palette.ts';
import type { Cursor } from './cursor.ts';
import { offsetOf, sizeOf, visibleLines } from './geometry.ts';
import type { LineRange } from './geometry.ts';
import type { GridLayout } from './grid-layout.ts';
import type { GridModel } from './grid-model.ts';
import { paintCell } from './paint-cell.ts';
import { paintNotes } from './paint-notes.ts';
import { paintColumnHead, paintCorner, paintRowHead, paintShare } from './paint-heads.ts';

/** One picture of the grid: everything that decides its pixels. */
export interface GridFrame {
  readonly model: GridModel;
  readonly layout: GridLayout;
  readonly palette: Palette;
  readonly scroll: { readonly left: number; readonly top: number };
  readonly size: { readonly width: number; readonly height: number };
  readonly hover: Cursor | null;
  readonly cursor: Cursor;
  /** The explained cell. */
  readonly chosen: Cursor | null;
  readonly hasFocus: boolean;
}

/** A box in the canvas, in CSS pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Paints what the window shows; the heads come last because they lie above. With `damage` only what lies in that box:
 * its pixels are those of the whole picture.
 */
export function paintGrid(ctx: CanvasRenderingContext2D, frame: GridFrame, damage: Box = wholeOf(frame)): void {
  clipTo(ctx, damage, () => paintLayers(ctx, frame, damage));
}

function paintLayers(ctx: CanvasRenderingContext2D, frame: GridFrame, damage: Box): void {
  const { layout, model, palette, scroll } = frame;
  const body = bodyBox(frame);
  const isBelowHeads = damage.top + damage.height > layout.headHeight;
  const seen = overlap(body, damage);
  const rows = visibleLines(
    layout.rows,
    scroll.top + Math.max(0, damage.top - body.top),
    isBelowHeads ? Math.min(damage.height, body.height) : 0,
  );
  const columns = visibleLines(layout.columns, scroll.left + seen.left - body.left, seen.width);
  ctx.fillStyle = palette.surface;
  ctx.fillRect(damage.left, damage.top, damage.width, damage.height);

  clipTo(ctx, body, () => paintBody(ctx, frame, rows, columns));
  if (damage.left < body.left) {
    clipTo(ctx, { ...body, left: 0, width: layout.headWidth }, () => {
      for (let row = rows.first; row < rows.end; row++) paintRowHead(ctx, frame, row, rowHeadBox(frame, row));
    });
  }
  if (damage.left + damage.width > body.left + body.width) {
    clipTo(ctx, { ...body, left: body.left + body.width, width: layout.shareWidth }, () => {
      for (let row = rows.first; row < rows.end; row++) paintShare(ctx, frame, row, shareBox(frame, row));
    });
    paintNotes(ctx, frame, rows, noteBox(frame, body));
  }
  if (damage.top < layout.headHeight) {
    clipTo(ctx, { left: body.left, top: 0, width: body.width, height: layout.headHeight }, () => {
      ctx.fillStyle = palette.chrome;
      ctx.fillRect(body.left, 0, body.width, layout.headHeight);
      for (let column = columns.first; column < columns.end; column++) {
        paintColumnHead(ctx, frame, column, columnHeadBox(frame, column));
      }
    });
    if (damage.left < body.left) paintCorner(ctx, frame, body);
  }
  paintFrameLines(ctx, frame);
  if (model.rows.length > 0) paintRings(ctx, frame, body);
}

function wholeOf({ size }: GridFrame): Box {
  return { left: 0, top: 0, ...size };
}

function overlap(a: Box, b: Box): Box {
  const left = Math.max(a.left, b.left);
  const top = Math.max(a.top, b.top);
  return {
    left,
    top,
    width: Math.max(0, Math.min(a.left + a.width, b.left + b.width) - left),
    height: Math.max(0, Math.min(a.top + a.height, b.top + b.height) - top),
  };
}

/** The box of the cells, between the heads. When all columns fit, the shares stand beside the last one. */
export function bodyBox({ layout, size }: Pick<GridFrame, 'layout' | 'size'>): Box {
  const room = Math.max(0, size.width - layout.headWidth - layout.shareWidth);
  return {
    left: layout.headWidth,
    top: layout.headHeight,
    width: Math.min(room, layout.columns.total),
    height: Math.max(0, size.height - layout.headHeight),
  };
}

function paintBody(ctx: CanvasRenderingContext2D, frame: GridFrame, rows: LineRange, columns: LineRange): void {
  const { palette, hover, layout } = frame;
  for (let row = rows.first; row < rows.end; row++) {
    for (let column = columns.first; column < columns.end; column++) {
      paintCell(ctx, frame, { row, column }, cellBox(frame, { row, column }));
    }
  }
  const body = bodyBox(frame);
  ctx.fillStyle = palette.gridLine;
  for (let row = rows.first; row < rows.end; row++) {
    ctx.fillRect(body.left, rowHeadBox(frame, row).top + layout.rowHeight - 1, body.width, 1);
  }
  for (let column = columns.first; column < columns.end; column++) {
    const box = columnHeadBox(frame, column);
    ctx.fillRect(box.left + box.width - 1, body.top, 1, Math.min(body.height, layout.rows.total - frame.scroll.top));
  }
  if (hover === null) return;
  ctx.fillStyle = palette.lineStrong;
  if (hover.row >= 0) strokeBand(ctx, { ...body, top: rowHeadBox(frame, hover.row).top, height: layout.rowHeight });
  if (hover.column >= 0) {
    const { left, width } = columnHeadBox(frame, hover.column);
    const height = Math.min(body.height, layout.rows.total - frame.scroll.top);
    ctx.fillRect(left - 1, body.top, 1, height);
    ctx.fillRect(left + width - 1, body.top, 1, height);
  }
}

function strokeBand(ctx: CanvasRenderingContext2D, band: Box): void {
  ctx.fillRect(band.left, band.top - 1, band.width, 1);
  ctx.fillRect(band.left, band.top + band.height - 1, band.width, 1);
}

/** Hairlines between heads and cells; they darken when something is scrolled under them. */
export function paintFrameLines(ctx: CanvasRenderingContext2D, frame: GridFrame): void {
  const { layout, model, palette, scroll, size } = frame;
  const body = bodyBox(frame);
  const right = body.left + body.width;
  const bottom = body.top + Math.min(body.height, layout.rows.total - scroll.top);
  ctx.fillStyle = scroll.top > 0 ? palette.lineStrong : palette.line;
  ctx.fillRect(0, layout.headHeight - 1, model.notes === null ? right + layout.shareWidth : size.width, 1);
  ctx.fillStyle = scroll.left > 0 ? palette.lineStrong : palette.line;
  ctx.fillRect(layout.headWidth - 1, 0, 1, bottom);
  ctx.fillStyle = scroll.left + body.width < layout.columns.total ? palette.lineStrong : palette.line;
  ctx.fillRect(right, 0, 1, bottom);
}

function paintRings(ctx: CanvasRenderingContext2D, frame: GridFrame, body: Box): void {
  const { palette, chosen, cursor, hasFocus } = frame;
  const isSame = chosen !== null && cursor.row === chosen.row && cursor.column === chosen.column;
  if (chosen !== null) {
    clipTo(ctx, body, () => strokeRing(ctx, cellBox(frame, chosen), palette.accent, isSame && hasFocus ? 3 : 2));
  }
  if (!hasFocus || isSame) return;
  const area = ringArea(frame, cursor, body);
  clipTo(ctx, area.clip, () => strokeRing(ctx, area.box, palette.ink, 2));
}

function ringArea(frame: GridFrame, cursor: Cursor, body: Box): { readonly clip: Box; readonly box: Box } {
  const { layout } = frame;
  if (cursor.row < 0) {
    const clip = { left: body.left, top: 0, width: body.width, height: layout.headHeight };
    return { clip, box: columnHeadBox(frame, cursor.column) };
  }
  if (cursor.column < 0) {
    return { clip: { ...body, left: 0, width: layout.headWidth }, box: rowHeadBox(frame, cursor.row) };
  }
  return { clip: body, box: cellBox(frame, cursor) };
}

function strokeRing(ctx: CanvasRenderingContext2D, box: Box, colour: string, width: number): void {
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.strokeRect(box.left + width / 2 - 1, box.top + width / 2 - 1, box.width - width + 1, box.height - width + 1);
}

export function cellBox(frame: Pick<GridFrame, 'layout' | 'scroll'>, { row, column }: Cursor): Box {
  const { layout, scroll } = frame;
  return {
    left: layout.headWidth + offsetOf(layout.columns, column) - scroll.left,
    top: layout.headHeight + offsetOf(layout.rows, row) - scroll.top,
    width: sizeOf(layout.columns, column),
    height: layout.rowHeight,
  };
}

function rowHeadBox(frame: GridFrame, row: number): Box {
  return { ...cellBox(frame, { row, column: 0 }), left: 0, width: frame.layout.headWidth };
}

function columnHeadBox(frame: GridFrame, column: number): Box {
  return { ...cellBox(frame, { row: 0, column }), top: 0, height: frame.layout.headHeight };
}

function shareBox(frame: GridFrame, row: number): Box {
  const { left, width } = bodyBox(frame);
  return { ...rowHeadBox(frame, row), left: left + width, width: frame.layout.shareWidth };
}

/** What is left at the right of everything. */
function noteBox({ layout, size }: GridFrame, body: Box): Box {
  const left = body.left + body.width + layout.shareWidth;
  return { left, top: 0, width: size.width - left, height: size.height };
}

export function clipTo(ctx: CanvasRenderingContext2D, box: Box, paint: () => void): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.width, box.height);
  ctx.clip();
  paint();
  ctx.restore();
}
