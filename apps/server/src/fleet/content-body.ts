import { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AtlasError } from '@cpu-atlas/core';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { App } from '../http-types.ts';
import { validatorCompiler } from '../validation.ts';

const inflate = promisify(gunzip);

/**
 * Lets the routes of a scope take JSON as bytes, compressed or not. Their schema documents the body; what reads it
 * validates it, because only the text tells the content hash.
 */
export function takesContent(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_: FastifyRequest, body: Buffer) => body);
  app.setValidatorCompiler<z.ZodType>((part) =>
    part.httpPart === 'body' ? (value) => ({ value }) : validatorCompiler(part),
  );
}

/** The body of a request as it came. */
export interface SentBody {
  readonly bytes: Buffer;
  readonly isCompressed: boolean;
}

/** @throws MEDIA_TYPE_UNSUPPORTED, REQUEST_INVALID */
export function sentBodyOf({ body, headers }: FastifyRequest): SentBody {
  if (!Buffer.isBuffer(body)) {
    throw new AtlasError('REQUEST_INVALID', 'the body is missing', { where: 'body', remedy: 'send JSON' });
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return { bytes: body, isCompressed: false };
  if (encoding === 'gzip') return { bytes: body, isCompressed: true };
  throw new AtlasError('MEDIA_TYPE_UNSUPPORTED', 'only gzip is understood', {
    where: 'content-encoding',
    remedy: 'send it with gzip, or as it is',
  });
}

/**
 * The body as text. What it inflates to has a hard limit, and inflating happens beside the event loop.
 * @throws REQUEST_TOO_LARGE, REQUEST_INVALID
 */
export async function readText({ bytes, isCompressed }: SentBody, limitBytes: number): Promise<string> {
  if (!isCompressed) return bytes.toString('utf8');
  try {
    return (await inflate(bytes, { maxOutputLength: limitBytes })).toString('utf8');
  } catch (cause) {
    throw inflationFault(cause, limitBytes);
  }
}

/** Why a body could not be inflated, as a fault. */
export function inflationFault(cause: unknown, limitBytes: number): AtlasError {
  const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
  return isTooLarge
    ? new AtlasError('REQUEST_TOO_LARGE', `the body inflates to more than ${limitBytes} bytes`, {
        where: 'body',
        remedy: 'send less',
        cause,
      })
    : new AtlasError('REQUEST_INVALID', 'the body is not gzip', { where: 'body', remedy: 'compress it again', cause });
}
