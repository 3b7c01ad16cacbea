import { AtlasError } from '@cpu-atlas/core';
import { fleetEventSchema } from '@cpu-atlas/contract';
import { z } from 'zod';
import { replyOf, sendText, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';

/** Digits, as `id:` gives them; what else a client sends counts as none. */
const idPattern = /^\d{1,15}$/;

/** What happens in the fleet, as it happens. */
export function registerEvents(app: App, { events }: Pick<Services, 'events'>): void {
  // Streams would keep a server that is told to stop from ending.
  app.addHook('preClose', async () => events.close());
  app.get(
    '/events',
    {
      config: { access: 'viewer' },
      compress: false,
      schema: {
        tags: ['events'],
        summary: 'Server-Sent Events: hosts and catalogs that are new or changed, hosts that fall silent',
        description:
          'Ids are those of the changes: with Last-Event-ID a stream goes on where it was cut off. After the event `reset`, and after each reconnection for freshness, read the lists anew.',
        headers: z.object({ 'last-event-id': z.string().max(100).optional() }),
        response: {
          200: {
            description: 'A stream of events',
            content: { 'text/event-stream': { schema: replyOf(fleetEventSchema) } },
          },
          ...problemReplies(401, 403, 429),
        },
      },
    },
    async ({ headers }, reply) => {
      const last = headers['last-event-id'] ?? '';
      const stream = events.open(idPattern.test(last) ? Number(last) : null);
      if (stream === null) {
        throw new AtlasError('RATE_LIMITED', 'too many streams of events are open', {
          where: 'this hub',
          remedy: 'close some dashboards, or ask another hub',
        });
      }
      void reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no');
      return sendText(reply, 'text/event-stream', stream);
    },
  );
}
