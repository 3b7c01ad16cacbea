import { useCallback, useEffect, useLayoutEffect, useState } from 'react';
import type { RefObject } from 'react';
import type { GridLayout } from './grid-layout.ts';
import { readView, windowOf } from './grid-view.ts';
import type { GridWindow, Size } from './grid-view.ts';

/** The ARIA grid follows when scrolling has come to rest. */
const settleMs = 90;

const nothing: GridWindow = { rows: { first: 0, end: 0 }, columns: { first: 0, end: 0 } };

/** The lines in sight, once scrolling has come to rest, and a way to look at once. */
export function useSeenWindow(
  scroller: RefObject<HTMLElement | null>,
  layout: GridLayout,
  size: Size,
): { readonly seen: GridWindow; readonly look: () => void } {
  const [seen, setSeen] = useState(nothing);
  const look = useCallback(() => {
    if (scroller.current !== null) setSeen(windowOf(layout, readView(scroller.current), size));
  }, [scroller, layout, size]);
  useLayoutEffect(look, [look]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let timer = 0;
    const onScroll = () => {
      clearTimeout(timer);
      timer = window.setTimeout(look, settleMs);
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener('scroll', onScroll);
    };
  }, [scroller, look]);
  return { seen, look };
}
