import type { Scroll } from './grid-view.ts';
import { bodyBox, paintFrameLines, paintGrid } from './paint-grid.ts';
import type { Box, GridFrame } from './paint-grid.ts';

/** The picture before a scroll, in another canvas of the same size. */
interface Former {
  readonly canvas: HTMLCanvasElement;
  readonly scroll: Scroll;
  /** Canvas pixels per CSS pixel. */
  readonly scale: number;
}

/**
 * After a scroll along one axis: takes over what is still in sight from the former picture, and paints only the strip that
 * came into it. A frame so costs a fraction of a whole picture, and has the same pixels. From another canvas, because one
 * that is copied into itself is copied twice.
 */
export function paintScrolled(ctx: CanvasRenderingContext2D, frame: GridFrame, former: Former): void {
  const { size, scroll } = frame;
  const down = scroll.top - former.scroll.top;
  const across = scroll.left - former.scroll.left;
  const body = bodyBox(frame);
  const isWhole = Number.isInteger(down * former.scale) && Number.isInteger(across * former.scale);
  const isNear = Math.abs(down) < body.height && Math.abs(across) < body.width;
  if (!isWhole || !isNear || (down !== 0 && across !== 0)) return paintGrid(ctx, frame);
  if (across === 0) {
    const moving = { left: 0, top: body.top, width: size.width, height: body.height };
    takeOver(ctx, former, { ...moving, top: 0, height: body.top }, { x: 0, y: 0 });
    takeOver(ctx, former, moving, { x: 0, y: -down });
    const top = down > 0 ? moving.top + moving.height - down : moving.top;
    paintGrid(ctx, frame, { ...moving, top, height: Math.abs(down) });
  } else {
    const moving = { left: body.left, top: 0, width: body.width, height: size.height };
    const right = body.left + body.width;
    takeOver(ctx, former, { ...moving, left: 0, width: body.left }, { x: 0, y: 0 });
    takeOver(ctx, former, { ...moving, left: right, width: size.width - right }, { x: 0, y: 0 });
    takeOver(ctx, former, moving, { x: -across, y: 0 });
    const left = across > 0 ? right - across : body.left;
    paintGrid(ctx, frame, { ...moving, left, width: Math.abs(across) });
  }
  paintFrameLines(ctx, frame);
}

/** Copies what of the box stays inside it when it is moved. */
function takeOver(
  ctx: CanvasRenderingContext2D,
  { canvas, scale }: Former,
  box: Box,
  { x, y }: { readonly x: number; readonly y: number },
): void {
  const kept = {
    left: box.left + Math.max(0, -x),
    top: box.top + Math.max(0, -y),
    width: box.width - Math.abs(x),
    height: box.height - Math.abs(y),
  };
  if (kept.width <= 0 || kept.height <= 0) return;
  const source = [kept.left * scale, kept.top * scale, kept.width * scale, kept.height * scale] as const;
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(canvas, ...source, kept.left + x, kept.top + y, kept.width, kept.height);
}
