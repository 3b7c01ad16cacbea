/** Reads the tokens that the canvas needs as the theme in force resolves them; the reading colours `probe` shortly. */
export function readPalette(probe: HTMLElement) {
  const before = probe.style.color;
  const read = (token: `--${string}`): string => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const palette = {
    surface: read('--surface'),
    chrome: read('--surface-chrome'),
    well: read('--surface-well'),
    line: read('--line'),
    lineStrong: read('--line-strong'),
    ink: read('--ink'),
    inkSoft: read('--ink-soft'),
    inkQuiet: read('--ink-quiet'),
    accent: read('--accent'),
    accentWash: read('--accent-wash'),
    runs: read('--runs'),
    filtered: read('--filtered'),
    filteredWash: read('--filtered-wash'),
    refused: read('--refused'),
    refusedWash: read('--refused-wash'),
    unknown: read('--unknown'),
    unknownWash: read('--unknown-wash'),
    notOffered: read('--not-offered'),
    gridLine: read('--grid-line'),
    gridBand: read('--grid-band'),
    gridGroup: read('--grid-group'),
  };
  probe.style.color = before;
  return palette;
}

/** Colours as `rgb(…)`, by the name of their token in tokens.css. */
export type Palette = Readonly<ReturnType<typeof readPalette>>;
