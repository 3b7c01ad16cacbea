import { compareSnapshots } from '@cpu-atlas/core';
import { comparisonRequestSchema, comparisonSchema } from '@cpu-atlas/contract';
import type { AnswerContext } from '../answer-contexts.ts';
import { replyOf, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';

/** What changed between two hosts, or two looks at one, and which layer did it. */
export function registerComparisons(app: App, { contexts }: Services): void {
  app.post(
    '/comparisons',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['hosts'],
        summary: 'What changed between two snapshots, the layer that did it, and the models gained and lost',
        body: comparisonRequestSchema,
        response: { 200: replyOf(comparisonSchema), ...problemReplies(400, 404, 422, 503) },
      },
    },
    async ({ body: { a, b, catalog } }) => {
      const before = await contexts.of({ ...a, catalog });
      const after = await contexts.of({ ...b, catalog });
      const { layers, models } = compareSnapshots(before.context, after.context);
      return { a: answeredSide(before), b: answeredSide(after), layers, models };
    },
  );
}

const answeredSide = ({ snapshotHash, used }: AnswerContext) => ({ snapshotHash, catalog: used });
