import type { FastifyReply } from 'fastify';

/**
 * Sends something that is named by its content: it may be kept for ever. A client that has it gets 304 and no body.
 * The tag is weak because compression changes the bytes, not the meaning.
 */
export function sendImmutable<T>(reply: FastifyReply, hash: string, value: T): T {
  void reply.header('etag', `W/"${hash}"`).header('cache-control', 'public, max-age=31536000, immutable');
  return value;
}
