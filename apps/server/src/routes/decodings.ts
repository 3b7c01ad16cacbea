import { decodeText } from '@cpu-atlas/core';
import { decodingRequestSchema, decodingSchema } from '@cpu-atlas/contract';
import { replyOf, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';

/** Error texts of QEMU and of what stands above it, as features, layer and remedy. */
export function registerDecodings(app: App): void {
  app.post(
    '/decodings',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['decodings'],
        summary: 'What an error text of QEMU, libvirt, Nova, KubeVirt, XAPI or a guest means',
        body: decodingRequestSchema,
        response: { 200: replyOf(decodingSchema), ...problemReplies(400, 413) },
      },
    },
    async ({ body }) => decodeText(body.text),
  );
}
