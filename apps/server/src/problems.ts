import { AtlasError } from '@cpu-atlas/core';
import { problemOf } from '@cpu-atlas/contract';
import type { Problem } from '@cpu-atlas/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { withoutSecrets } from './auth/redaction.ts';

export const problemType = 'application/problem+json; charset=utf-8';

/** Whatever was thrown as a problem document. Nothing of an unknown error gets out but the id to find it in the log. */
export function toProblem(error: unknown, requestId: string): Problem {
  return problemOf(toAtlasError(error, requestId));
}

function toAtlasError(error: unknown, requestId: string): AtlasError {
  if (error instanceof AtlasError) return error;
  return (
    fromFastify(error) ??
    new AtlasError('INTERNAL', 'a defect in CPU Atlas', {
      where: `request ${requestId}`,
      remedy: 'report it with the lines of the log that carry this request id',
    })
  );
}

/** Faults that Fastify itself finds in a request. Source: the error codes of Fastify 5 (`FST_ERR_…`). */
function fromFastify(error: unknown): AtlasError | null {
  if (!(error instanceof Error) || !('code' in error) || !('statusCode' in error)) return null;
  const status = Number(error.statusCode);
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new AtlasError('REQUEST_TOO_LARGE', 'the body is too large', { where: 'body', remedy: 'send it in parts' });
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new AtlasError('MEDIA_TYPE_UNSUPPORTED', 'the body is not JSON', {
      where: 'content-type',
      remedy: 'send content-type: application/json',
    });
  }
  if (status < 400 || status > 499) return null;
  return new AtlasError('REQUEST_INVALID', error.message, { where: 'request', remedy: 'see /api/docs' });
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.status).type(problemType).header('cache-control', 'no-store').send(JSON.stringify(problem));
}

export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, request.id);
  // A stack is worth its lines only where Atlas itself is at fault.
  if (isAbandoned(error)) request.log.info('whoever asked went away before the answer was whole');
  else if (problem.code === 'INTERNAL') request.log.error({ err: error }, problem.detail);
  else request.log.info({ code: problem.code, where: problem.where }, problem.detail);
  return sendProblem(reply, problem);
}

/** Source: https://nodejs.org/api/errors.html#err_stream_premature_close */
function isAbandoned(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

export function routeNotFound(request: FastifyRequest): AtlasError {
  return new AtlasError('ROUTE_NOT_FOUND', 'there is nothing at this address', {
    where: `${request.method} ${withoutSecrets(request.url).slice(0, 200)}`,
    remedy: 'see /api/docs',
  });
}
