import { useEffect, useLayoutEffect, useRef } from 'react';
import type { RefObject } from 'react';
import { readView } from './grid-view.ts';
import type { Scroll } from './grid-view.ts';
import { paintGrid } from './paint-grid.ts';
import type { GridFrame } from './paint-grid.ts';
import { paintScrolled } from './paint-scrolled.ts';

type Scene = Omit<GridFrame, 'scroll'>;

/** What a canvas shows. */
interface Painted {
  readonly canvas: HTMLCanvasElement;
  readonly scene: Scene;
  readonly scroll: Scroll;
  readonly scale: number;
}

/**
 * Paints before the browser shows the next frame, once however often something changed before it: a whole picture is most
 * of what a keystroke or a scroll step costs. The answer is the stage that holds two canvases; they take turns, so that
 * the next picture can take over what stays in sight.
 */
export function useCanvas(scroller: RefObject<HTMLDivElement | null>, scene: Scene): RefObject<HTMLDivElement | null> {
  const stage = useRef<HTMLDivElement>(null);
  const latest = useRef(scene);
  const painted = useRef<Painted | null>(null);
  const request = useRef(0);
  const paintSoon = useRef(() => {
    request.current ||= requestAnimationFrame(() => {
      request.current = 0;
      const canvases = stage.current?.querySelectorAll('canvas');
      if (canvases === undefined || scroller.current === null) return;
      const wanted = { scene: latest.current, scroll: readView(scroller.current), scale: devicePixelRatio };
      painted.current = paint([...canvases], wanted, painted.current);
    });
  });

  useLayoutEffect(() => {
    latest.current = scene;
    paintSoon.current();
  });
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const onScroll = paintSoon.current;
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      cancelAnimationFrame(request.current);
      request.current = 0;
      element.removeEventListener('scroll', onScroll);
    };
  }, [scroller]);
  return stage;
}

function paint(
  canvases: readonly HTMLCanvasElement[],
  { scene, scroll, scale }: Omit<Painted, 'canvas'>,
  before: Painted | null,
): Painted | null {
  const isScrolled = before !== null && before.scale === scale && isSameScene(before.scene, scene);
  if (isScrolled && before.scroll.left === scroll.left && before.scroll.top === scroll.top) return before;
  const canvas = canvases.find((one) => one !== before?.canvas);
  const ctx = canvas?.getContext('2d', { alpha: false });
  if (canvas === undefined || ctx == null) return null;
  fit(canvas, scene.size, scale);
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  if (isScrolled) paintScrolled(ctx, { ...scene, scroll }, before);
  else paintGrid(ctx, { ...scene, scroll });
  canvas.style.opacity = '1';
  if (before !== null) before.canvas.style.opacity = '0';
  return { canvas, scene, scroll, scale };
}

function fit(canvas: HTMLCanvasElement, { width, height }: Scene['size'], scale: number): void {
  const pixels = { width: Math.round(width * scale), height: Math.round(height * scale) };
  if (canvas.width === pixels.width && canvas.height === pixels.height) return;
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}

function isSameScene(a: Scene, b: Scene): boolean {
  return (
    a.model === b.model &&
    a.layout === b.layout &&
    a.palette === b.palette &&
    a.size === b.size &&
    a.hasFocus === b.hasFocus &&
    isSamePlace(a.hover, b.hover) &&
    isSamePlace(a.cursor, b.cursor) &&
    isSamePlace(a.chosen, b.chosen)
  );
}

function isSamePlace(a: Scene['chosen'], b: Scene['chosen']): boolean {
  return a?.row === b?.row && a?.column === b?.column;
}
