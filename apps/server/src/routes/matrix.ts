import { computeHostMatrix } from '@cpu-atlas/core';
import type { HostMatrix } from '@cpu-atlas/core';
import { hostMatrixSchema, matrixQuerySchema, type HostMatrixDocument, type MatrixQuery } from '@cpu-atlas/contract';
import type { AnswerContext } from '../answer-contexts.ts';
import { replyOf, sendText, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import { RecentMap } from '../recent-map.ts';
import type { Services } from '../services.ts';

/** Finished matrices as JSON text, some 200 KB each. */
const keptMatrices = 16;

/** The model × machine-type matrix of one host. */
export function registerMatrix(app: App, { contexts }: Services): void {
  const kept = new RecentMap<string, string>(keptMatrices);
  app.get(
    '/matrix',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['matrix'],
        summary: 'What becomes of every CPU model on every machine type of one host',
        querystring: matrixQuerySchema,
        response: { 200: replyOf(hostMatrixSchema), ...problemReplies(400, 404, 422) },
      },
    },
    async ({ query }, reply) => {
      const source = await contexts.of(query);
      const key = JSON.stringify([source.snapshotHash, source.used, query.accel, query.kernelIrqchip ?? null]);
      const text = kept.get(key) ?? JSON.stringify(computeDocument(source, query));
      kept.set(key, text);
      return sendText(reply, 'application/json', text);
    },
  );
}

function computeDocument(
  { context, snapshotHash, used }: AnswerContext,
  { accel, kernelIrqchip }: MatrixQuery,
): HostMatrixDocument {
  return documentOf(computeHostMatrix(context, { accel, kernelIrqchip }), snapshotHash, used);
}

function documentOf(matrix: HostMatrix, snapshotHash: string, catalog: AnswerContext['used']): HostMatrixDocument {
  return {
    snapshotHash,
    catalog,
    accel: matrix.accel,
    kernelIrqchip: matrix.kernelIrqchip,
    models: [...matrix.models],
    columns: matrix.columns.map(({ machines, aliases, deprecated }) => ({
      machines: [...machines],
      aliases: [...aliases],
      deprecated,
    })),
    status: [...matrix.status],
    filteredCount: [...matrix.filteredCount],
    enabledCount: [...matrix.enabledCount],
    requestedCount: [...matrix.requestedCount],
    aliasOf: [...matrix.aliasOf],
  };
}
