/** What a search text means in a matrix: models by name, and features by name or the beginning of one. */
export interface SearchMeaning {
  /** Models whose name or family holds every word; null: no search. */
  readonly models: ReadonlySet<number> | null;
  /** The feature that the text names, under the name QEMU reports. */
  readonly feature: string | null;
  /** Features whose names begin with the text, a few. */
  readonly suggestions: readonly string[];
}

export interface SearchIndex {
  readonly models: readonly { readonly name: string; readonly family: string }[];
  readonly features: readonly string[];
  /** Other spellings of feature names: `sse4_1` → `sse4.1`. */
  readonly aliases: Readonly<Record<string, string>>;
}

const suggestionLimit = 5;

/** Reads a search text. A leading `+` or `-`, as on a command line, and the spelling with `_` are understood. */
export function readSearch(text: string, index: SearchIndex): SearchMeaning {
  const query = text.trim().toLowerCase();
  if (query === '') return { models: null, feature: null, suggestions: [] };
  const words = query.split(/\s+/);
  const models = new Set<number>();
  index.models.forEach(({ name, family }, model) => {
    const haystack = `${name} ${family}`.toLowerCase();
    if (words.every((word) => haystack.includes(word))) models.add(model);
  });
  const spelled = query.replace(/^[+-]/, '');
  const feature = findFeature(spelled, index);
  const beginning = spelled.replaceAll('_', '-');
  const suggestions =
    spelled.length < 2
      ? []
      : index.features.filter((name) => name.startsWith(beginning) && name !== feature).slice(0, suggestionLimit);
  return { models, feature, suggestions };
}

function findFeature(spelled: string, index: SearchIndex): string | null {
  const candidates = [spelled, spelled.replaceAll('_', '-'), spelled.replaceAll('-', '_')];
  for (const candidate of candidates) {
    if (index.features.includes(candidate)) return candidate;
    const aliased = Object.hasOwn(index.aliases, candidate) ? index.aliases[candidate] : undefined;
    if (aliased !== undefined) return aliased;
  }
  return null;
}
