import { useEffect, useLayoutEffect, useMemo, useState } from 'react';
import type { RefObject } from 'react';
import { fonts, layOutGrid } from './grid-layout.ts';
import type { GridLayout, MeasureText } from './grid-layout.ts';
import type { Density, GridModel } from './grid-model.ts';
import type { Size } from './grid-view.ts';

/** Measures and lays out the grid; again when the window is resized and when the fonts have arrived. */
export function useGridLayout(
  scroller: RefObject<HTMLDivElement | null>,
  model: GridModel,
  density: Density,
): { readonly layout: GridLayout; readonly size: Size } {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const areFontsThere = useFontsLoaded();
  const measure = useMemo(() => createMeasure(areFontsThere), [areFontsThere]);
  const layout = useMemo(() => layOutGrid(model, density, measure), [model, density, measure]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const read = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller]);
  return { layout, size };
}

/** Widths are remembered only once the fonts are there: before, a stand-in is measured. */
function createMeasure(isLasting: boolean): MeasureText {
  const ctx = document.createElement('canvas').getContext('2d');
  const known = new Map<string, number>();
  return (text, font) => {
    const key = `${font}\n${text}`;
    const measured = known.get(key);
    if (measured !== undefined || ctx === null) return measured ?? 0;
    ctx.font = font;
    const { width } = ctx.measureText(text);
    if (isLasting) known.set(key, width);
    return width;
  };
}

/** A canvas does not wait for fonts. */
function useFontsLoaded(): boolean {
  const [areThere, setAreThere] = useState(false);
  useEffect(() => {
    let isGone = false;
    const loads = Object.values(fonts).map((font) => document.fonts.load(font));
    void Promise.allSettled(loads).then(() => {
      if (!isGone) setAreThere(true);
    });
    return () => {
      isGone = true;
    };
  }, []);
  return areThere;
}
