import { createContext, explain, indexCatalog, resolve } from '@cpu-atlas/core';
import type { CatalogIndex, FeatureVerdict, Resolution, ResolutionRequest, ResolveContext } from '@cpu-atlas/core';
import { RecentMap, type CatalogUse } from '@cpu-atlas/server/library';
import type { CatalogSource } from './sources/catalog-source.ts';
import type { SnapshotSource } from './sources/snapshot-source.ts';

/** One question, with its sources by reference; left out they are chosen for it. */
export interface Question {
  readonly snapshot: string | undefined;
  readonly catalog: string | undefined;
  readonly request: ResolutionRequest;
  readonly isExplained: boolean;
}

export interface Answer {
  readonly resolution: Resolution;
  /** Only when asked for. */
  readonly features?: readonly FeatureVerdict[];
}

/** Resolves questions; hosts and catalogs that were used lately are kept prepared. */
export interface Answerer {
  prepare(
    sources: Pick<Question, 'snapshot' | 'catalog'>,
  ): Promise<{ readonly context: ResolveContext; readonly use: CatalogUse }>;
  /** @throws what reading the sources and resolving throw */
  answer(question: Question): Promise<Answer>;
}

const keptContexts = 64;
const keptIndexes = 8;

export function createAnswerer(snapshots: SnapshotSource, catalogs: CatalogSource): Answerer {
  const indexes = new RecentMap<string, CatalogIndex>(keptIndexes);
  const contexts = new RecentMap<string, ResolveContext>(keptContexts);

  const indexOf = ({ entry, runsAs }: CatalogUse): CatalogIndex => {
    const key = `${entry.hash} ${runsAs ?? ''}`;
    const index = indexes.get(key) ?? indexCatalog(entry.catalog, runsAs ?? entry.version);
    indexes.set(key, index);
    return index;
  };

  const prepare: Answerer['prepare'] = async ({ snapshot: reference, catalog }) => {
    const host = reference === undefined ? null : await snapshots.load(reference);
    const use = catalog === undefined ? await catalogs.forHost(host) : await catalogs.load(catalog);
    const key = `${host?.key ?? ''}\n${use.entry.hash} ${use.runsAs ?? ''}`;
    const context = contexts.get(key) ?? createContext(indexOf(use), host?.snapshot ?? null);
    contexts.set(key, context);
    return { context, use };
  };

  return {
    prepare,
    async answer({ request, isExplained, ...sources }) {
      const { context, use } = await prepare(sources);
      if (!isExplained) return { resolution: withAssumption(resolve(context, request), use) };
      const { resolution, features } = explain(context, request);
      return { resolution: withAssumption(resolution, use), features };
    },
  };
}

function withAssumption(resolution: Resolution, { used: { assumption } }: CatalogUse): Resolution {
  return assumption === null ? resolution : { ...resolution, assumptions: [assumption, ...resolution.assumptions] };
}
