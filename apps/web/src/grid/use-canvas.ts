import { useEffect, useLayoutEffect, useRef } from 'react';
import type { RefObject } from 'react';
import { readView } from './grid-view.ts';
import { paintGrid } from './paint-grid.ts';
import type { GridFrame } from './paint-grid.ts';

/** Paints into a canvas: at once when something changed, and in the next frame while one scrolls. */
export function useCanvas(
  scroller: RefObject<HTMLDivElement | null>,
  frame: Omit<GridFrame, 'scroll'>,
): RefObject<HTMLCanvasElement | null> {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(frame);

  useLayoutEffect(() => {
    latest.current = frame;
    paint(canvas.current, scroller.current, frame);
  });
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let request = 0;
    const onScroll = () => {
      request ||= requestAnimationFrame(() => {
        request = 0;
        paint(canvas.current, scroller.current, latest.current);
      });
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      cancelAnimationFrame(request);
      element.removeEventListener('scroll', onScroll);
    };
  }, [scroller]);
  return canvas;
}

function paint(
  canvas: HTMLCanvasElement | null,
  scroller: HTMLDivElement | null,
  frame: Omit<GridFrame, 'scroll'>,
): void {
  const ctx = canvas?.getContext('2d', { alpha: false });
  if (canvas === null || scroller === null || ctx == null) return;
  const { width, height } = frame.size;
  const scale = devicePixelRatio;
  const pixels = { width: Math.round(width * scale), height: Math.round(height * scale) };
  if (canvas.width !== pixels.width || canvas.height !== pixels.height) {
    canvas.width = pixels.width;
    canvas.height = pixels.height;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  paintGrid(ctx, { ...frame, scroll: readView(scroller) });
}
