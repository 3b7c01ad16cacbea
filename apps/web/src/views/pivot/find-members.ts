import type { Cube } from '@cpu-atlas/core';
import type { PivotAxisName } from './pivot-fields.ts';

/** What a search leaves of the row axis: every word occurs in the name, in any case; null: no search. */
export function findMembers(cube: Cube, axis: PivotAxisName, search: string): ReadonlySet<string> | null {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  const fits = (...texts: readonly string[]) => {
    const text = texts.join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  };
  switch (axis) {
    case 'model':
      return new Set(
        cube.sheets.flatMap(({ models }) =>
          models.filter(({ name, family, vendor }) => fits(name, family, vendor)).map(({ name }) => name),
        ),
      );
    case 'machine':
      return new Set(
        cube.sheets.flatMap(({ machines }) =>
          machines.flatMap((column) => column.machines.filter((name) => fits(name, ...column.aliases))),
        ),
      );
    case 'host':
      return new Set(cube.hosts.ids.filter((id, at) => fits(id, cube.hosts.names[at] ?? '')));
    case 'feature':
      return new Set(cube.sheets.flatMap(({ features }) => features.filter((name) => fits(name))));
  }
}
