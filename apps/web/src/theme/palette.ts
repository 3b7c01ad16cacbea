/**
 * Reads the tokens that the canvas needs as the theme in force resolves them: each is the colour of an element that is
 * there for that moment, so that nothing else on the page is styled anew.
 */
export function readPalette(page: HTMLElement) {
  const probe = page.ownerDocument.createElement('span');
  probe.hidden = true;
  page.append(probe);
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
  probe.remove();
  return palette;
}

/** Colours as `rgb(…)`, by the name of their token in tokens.css. */
export type Palette = Readonly<ReturnType<typeof readPalette>>;
