import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { DeepReadonly } from '@cpu-atlas/contract';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';

/** The Fastify instance that routes are registered on: bodies, queries and replies are typed by their schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** The schema of a reply. Replies are only read, so lists of the core, which are readonly, fit. */
export function replyOf<S extends z.ZodType>(
  schema: S,
): z.ZodType<DeepReadonly<z.output<S>>, DeepReadonly<z.output<S>>> {
  // The one place where a schema's type is widened: readonly has no meaning once it is JSON.
  return schema as unknown as z.ZodType<DeepReadonly<z.output<S>>, DeepReadonly<z.output<S>>>;
}

/** Sends what is text already, whole or bit by bit: its shape is documented by the schema, not checked by it. */
export function sendText(reply: FastifyReply, type: string, text: string | Readable): FastifyReply {
  return reply.type(`${type}; charset=utf-8`).serializer(String).send(text);
}
