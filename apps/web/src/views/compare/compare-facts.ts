import { factTerms } from './compared-thing.ts';
import type { Facts, FactTerm } from './compared-thing.ts';

/** One fact of all things. */
export interface ComparedFact {
  readonly term: FactTerm;
  /** null: it does not apply to the thing. */
  readonly values: readonly (string | null)[];
  readonly isDiffering: boolean;
}

/** Facts side by side; those that apply to none are left out, and one that applies to some differs only among those. */
export function compareFacts(things: readonly Facts[]): readonly ComparedFact[] {
  return factTerms
    .map((term) => ({ term, values: things.map((facts) => facts[term] ?? null) }))
    .filter(({ values }) => values.some((value) => value !== null))
    .map(({ term, values }) => ({
      term,
      values,
      isDiffering: new Set(values.filter((value) => value !== null)).size > 1,
    }));
}
