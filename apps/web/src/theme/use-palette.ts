import { useEffect, useState } from 'react';
import { readPalette } from './palette.ts';
import type { Palette } from './palette.ts';

/** The palette in force; read anew when the theme or the system's contrast setting changes. */
export function usePalette(): Palette {
  const [palette, setPalette] = useState(() => readPalette(document.body));
  useEffect(() => {
    const reread = () => setPalette(readPalette(document.body));
    const queries = ['(prefers-color-scheme: dark)', '(forced-colors: active)'].map((query) => matchMedia(query));
    queries.forEach((query) => query.addEventListener('change', reread));
    const observer = new MutationObserver(reread);
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      queries.forEach((query) => query.removeEventListener('change', reread));
      observer.disconnect();
    };
  }, []);
  return palette;
}
