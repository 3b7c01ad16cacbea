import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { compareNames } from '../matrix/model-families.ts';
import { byRelease } from './stability.ts';

/** When a name came, was deprecated and went. Releases are those of the catalogs; null: not within them. */
export interface NameHistory {
  readonly kind: 'machine-type' | 'cpu-model';
  readonly name: string;
  /** null: the oldest catalog has it. */
  readonly since: string | null;
  readonly deprecatedSince: string | null;
  readonly removedIn: string | null;
}

/** When each machine type and CPU model came and went, over the releases of the catalogs. */
export function listNameHistories(indexes: readonly CatalogIndex[]): NameHistory[] {
  const ordered = [...indexes].sort(byRelease);
  const histories = (
    kind: NameHistory['kind'],
    listOf: (index: CatalogIndex) => readonly Deprecatable[],
  ): NameHistory[] => {
    const names = new Set(ordered.flatMap((index) => listOf(index).map(({ name }) => name)));
    return [...names].sort(compareNames).map((name) => historyOf(kind, name, ordered, listOf));
  };
  return [
    ...histories('machine-type', ({ catalog }) => catalog.machines),
    ...histories('cpu-model', ({ catalog }) => catalog.models),
  ];
}

interface Deprecatable {
  readonly name: string;
  readonly deprecated: boolean;
}

function historyOf(
  kind: NameHistory['kind'],
  name: string,
  ordered: readonly CatalogIndex[],
  listOf: (index: CatalogIndex) => readonly Deprecatable[],
): NameHistory {
  const found = ordered.map((index) => listOf(index).find((each) => each.name === name));
  const releaseAt = (at: number): string | null => (at < 0 ? null : (ordered[at]?.catalog.qemu.version ?? null));
  const first = found.findIndex((each) => each !== undefined);
  const last = found.findLastIndex((each) => each !== undefined);
  return {
    kind,
    name,
    since: first === 0 ? null : releaseAt(first),
    deprecatedSince: releaseAt(found.findIndex((each) => each?.deprecated === true)),
    removedIn: releaseAt(last === ordered.length - 1 ? -1 : last + 1),
  };
}
