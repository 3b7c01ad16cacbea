import { setImmediate as nextTurn } from 'node:timers/promises';
import { abiChangesBetween, byRelease, indexCatalog, listNameHistories, modelSteps } from '@cpu-atlas/core';
import type { CatalogIndex, GuestAbiChange } from '@cpu-atlas/core';
import { limits, modelStepsQuerySchema, modelStepsSchema, stabilityResultSchema } from '@cpu-atlas/contract';
import { z } from 'zod';
import { replyOf, sendText, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';

const accelerators = ['kvm', 'tcg'] as const;

/** Where a model and machine type are not the same in every QEMU, although they promise to be. */
export function registerStability(app: App, services: Services): void {
  const { contexts, library, readAllCatalogs } = services;
  let kept: { readonly key: string; readonly text: string } | null = null;
  app.get(
    '/stability',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['stability'],
        summary: 'Definitions that changed between QEMU releases, and names that came and went',
        response: { 200: replyOf(stabilityResultSchema) },
      },
    },
    async (_, reply) => {
      await readAllCatalogs();
      // What one joined host harvested tells nothing about releases: it may be patched.
      const hashes = library.list().flatMap(({ hash, source }) => (source === 'fleet' ? [] : [hash]));
      const key = hashes.join();
      const text = kept?.key === key ? kept.text : await reportOn(services, hashes);
      kept = { key, text };
      return sendText(reply, 'application/json', text);
    },
  );
  app.get(
    '/stability/:model',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['stability'],
        summary: 'How a CPU model changed over the machine types of a family',
        params: z.object({ model: z.string().min(1).max(limits.nameLength) }),
        querystring: modelStepsQuerySchema,
        response: { 200: replyOf(modelStepsSchema), ...problemReplies(400, 404) },
      },
    },
    async ({ params: { model }, query: { catalog: reference, accel, family } }) => {
      const { entry, used } = await contexts.catalogOf(reference);
      const index = indexCatalog(await library.read(entry.hash));
      return { catalog: used, model, family, steps: modelSteps(index, accel, model, family) };
    },
  );
}

async function reportOn({ library }: Services, hashes: readonly string[]): Promise<string> {
  const indexes: CatalogIndex[] = [];
  for (const hash of hashes) indexes.push(indexCatalog(await library.read(hash)));
  const ordered = indexes.sort(byRelease);
  const changes: GuestAbiChange[] = [];
  for (const [at, after] of ordered.slice(1).entries())
    for (const accel of accelerators) {
      await nextTurn();
      changes.push(...abiChangesBetween(ordered[at], after, accel));
    }
  const releases = ordered.map(({ catalog }) => catalog.qemu.version);
  return JSON.stringify({ releases, changes, names: listNameHistories(ordered) });
}
