import { catalogListSchema, catalogSchema, pageQuerySchema, type CatalogSummary } from '@cpu-atlas/contract';
import { z } from 'zod';
import type { CatalogEntry, CatalogLibrary } from '../catalog-library.ts';
import { replyOf, type App } from '../http-types.ts';
import { sendImmutable } from '../immutable.ts';
import { pageOf } from '../paging.ts';
import { problemReplies } from '../problem-replies.ts';
import { RecentMap } from '../recent-map.ts';
import type { Services } from '../services.ts';

const tags = ['catalogs'];
const keptSummaries = 1_024;

/** What QEMU binaries know: the shipped catalogs and those harvested here. */
export function registerCatalogs(app: App, { library, readAllCatalogs }: Services): void {
  const summarise = createSummaries(library);
  app.get(
    '/catalogs',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'All catalogs, newest QEMU first',
        querystring: pageQuerySchema,
        response: { 200: replyOf(catalogListSchema), ...problemReplies(400) },
      },
    },
    async ({ query }) => {
      await readAllCatalogs();
      const { items, nextCursor } = pageOf(library.list(), query, ({ hash }) => hash);
      const summaries: CatalogSummary[] = [];
      for (const entry of items) summaries.push(await summarise(entry));
      return { items: summaries, nextCursor };
    },
  );

  app.get(
    '/catalogs/:hash',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'A catalog by content hash; it never changes',
        params: z.object({ hash: z.string().min(1).max(256) }),
        response: { 200: replyOf(catalogSchema), ...problemReplies(404) },
      },
    },
    async ({ params }, reply) => {
      if (!library.has(params.hash)) await readAllCatalogs();
      return sendImmutable(reply, params.hash, await library.read(params.hash));
    },
  );
}

/** Summaries stay when the catalogs themselves have left the memory again. */
function createSummaries(library: CatalogLibrary): (entry: CatalogEntry) => Promise<CatalogSummary> {
  const kept = new RecentMap<string, Omit<CatalogSummary, 'source'>>(keptSummaries);
  return async ({ hash, version, package: name, source }) => {
    const known = kept.get(hash);
    if (known !== undefined) return { ...known, source };
    const catalog = await library.read(hash);
    const summary = {
      ...{ hash, version, package: name },
      machineTypes: catalog.machines.length,
      models: catalog.models.length,
      hasTcg: catalog.tcg !== undefined,
      hasKvm: catalog.kvm !== undefined,
      notSeen: [...catalog.notSeen],
    };
    kept.set(hash, summary);
    return { ...summary, source };
  };
}
