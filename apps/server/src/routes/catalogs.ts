import { catalogListSchema, catalogSchema, pageQuerySchema, type CatalogSummary } from '@cpu-atlas/contract';
import { z } from 'zod';
import type { LibraryCatalog } from '../catalog-library.ts';
import { replyOf, type App } from '../http-types.ts';
import { sendImmutable } from '../immutable.ts';
import { pageOf } from '../paging.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';

const tags = ['catalogs'];

/** What QEMU binaries know: the shipped catalogs and those harvested here. */
export function registerCatalogs(app: App, { library, readAllCatalogs }: Services): void {
  app.get(
    '/catalogs',
    {
      schema: {
        tags,
        summary: 'All catalogs, newest QEMU first',
        querystring: pageQuerySchema,
        response: { 200: replyOf(catalogListSchema), ...problemReplies(400) },
      },
    },
    async ({ query }) => {
      await readAllCatalogs();
      return pageOf(library.list().map(summariseCatalog), query, ({ hash }) => hash);
    },
  );

  app.get(
    '/catalogs/:hash',
    {
      schema: {
        tags,
        summary: 'A catalog by content hash; it never changes',
        params: z.object({ hash: z.string().min(1).max(256) }),
        response: { 200: replyOf(catalogSchema), ...problemReplies(404) },
      },
    },
    async ({ params }, reply) => {
      if (!library.has(params.hash)) await readAllCatalogs();
      return sendImmutable(reply, params.hash, library.find(params.hash).catalog);
    },
  );
}

function summariseCatalog({ hash, version, package: name, source, catalog }: LibraryCatalog): CatalogSummary {
  return {
    hash,
    version,
    package: name,
    source,
    machineTypes: catalog.machines.length,
    models: catalog.models.length,
    hasTcg: catalog.tcg !== undefined,
    hasKvm: catalog.kvm !== undefined,
    notSeen: [...catalog.notSeen],
  };
}
