/** One line of a list to choose from. */
export interface Option {
  readonly value: string;
  readonly label: string;
  /** Quiet text behind the label. */
  readonly note?: string;
  /** Heading above the first option of a group. */
  readonly group?: string;
  /** Further words by which it is found. */
  readonly keywords?: string;
}

/** Options that hold every word; those that begin with the text come first, then those with the text in the label. */
export function filterOptions(options: readonly Option[], text: string): readonly Option[] {
  const query = text.trim().toLowerCase();
  if (query === '') return options;
  const words = query.split(/\s+/);
  const ranked = options.flatMap((option, place) => {
    const label = option.label.toLowerCase();
    const haystack = `${label} ${option.note ?? ''} ${option.keywords ?? ''} ${option.group ?? ''}`.toLowerCase();
    if (!words.every((word) => haystack.includes(word))) return [];
    const rank = label.startsWith(query) ? 0 : label.includes(query) ? 1 : 2;
    return [{ option, rank, place }];
  });
  return ranked.sort((a, b) => a.rank - b.rank || a.place - b.place).map(({ option }) => option);
}

/** Where a key leads in a list of so many options; null when the key is none of the list's. */
export function moveActive(active: number, key: string, count: number): number | null {
  if (count === 0) return null;
  switch (key) {
    case 'ArrowDown':
      return (active + 1) % count;
    case 'ArrowUp':
      return (active - 1 + count) % count;
    case 'PageDown':
      return Math.min(count - 1, active + 10);
    case 'PageUp':
      return Math.max(0, active - 10);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
