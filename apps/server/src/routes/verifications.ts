import { verificationRequestSchema, verificationResultSchema } from '@cpu-atlas/contract';
import { replyOf, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';

/** Proving a cell with the real QEMU. */
export function registerVerifications(app: App, { verifications }: Services): void {
  app.post(
    '/verifications',
    {
      config: { access: 'operator', isExpensive: true },
      schema: {
        tags: ['verifications'],
        summary: 'Launch the real QEMU, paused, and compare; one at a time',
        body: verificationRequestSchema,
        response: { 200: replyOf(verificationResultSchema), ...problemReplies(400, 404, 409, 422, 502, 504) },
      },
    },
    async ({ body }) => verifications.run(body),
  );
}
