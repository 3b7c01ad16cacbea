import { Readable } from 'node:stream';
import { explain, resolve } from '@cpu-atlas/core';
import {
  resolutionAnswerSchema,
  resolutionsRequestSchema,
  resolutionsResultSchema,
  type ResolutionItem,
} from '@cpu-atlas/contract';
import type { FastifyRequest } from 'fastify';
import { withAssumptions, type AnswerContext, type AnswerContexts } from '../answer-contexts.ts';
import { replyOf, sendText, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import { toProblem } from '../problems.ts';
import type { Services } from '../services.ts';
import { createTurns } from '../turns.ts';

/** Answers are handed on in pieces of about this many characters. */
const pieceLength = 64 * 1024;

/** One or many requests in, one answer each out, in order. */
export function registerResolutions(app: App, { contexts, metrics }: Services): void {
  app.post(
    '/resolutions',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['resolutions'],
        summary: 'What QEMU would make of -cpu arguments',
        description: 'With Accept: application/x-ndjson one answer a line, as they are computed.',
        body: resolutionsRequestSchema,
        response: {
          200: {
            description: 'One answer for each request, in order',
            content: {
              'application/json': { schema: replyOf(resolutionsResultSchema) },
              'application/x-ndjson': { schema: replyOf(resolutionAnswerSchema) },
            },
          },
          ...problemReplies(400, 413, 415),
        },
      },
    },
    async (request, reply) => {
      const answers = answerAll(request.body.requests, contexts, request);
      metrics.countResolutions(request.body.requests.length);
      const lines = wantsLines(request);
      const text = inPieces(lines ? asLines(answers) : asDocument(answers));
      const stream = Readable.from(text, { objectMode: false, highWaterMark: pieceLength });
      return sendText(reply, lines ? 'application/x-ndjson' : 'application/json', stream);
    },
  );
}

function wantsLines({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('application/x-ndjson') ?? false;
}

async function* answerAll(
  items: readonly ResolutionItem[],
  contexts: AnswerContexts,
  { id: requestId }: FastifyRequest,
): AsyncGenerator<string> {
  const known = new Map<string, Promise<AnswerContext>>();
  const turns = createTurns();
  for (const item of items) {
    const key = JSON.stringify([item.host, item.snapshot, item.catalog, item.at]);
    const source = known.get(key) ?? contexts.of(item);
    known.set(key, source);
    yield JSON.stringify(await answer(item, source, requestId));
    await turns.take();
  }
}

async function answer(item: ResolutionItem, source: Promise<AnswerContext>, requestId: string): Promise<object> {
  const { id } = item;
  try {
    const answerContext = await source;
    const { context, snapshotHash, used } = answerContext;
    const { accel, machine, cpu, kernelIrqchip, smp } = item;
    const request = { accel, machine, cpu, kernelIrqchip, smp };
    if (item.explain !== true) {
      return {
        id,
        ok: true,
        snapshotHash,
        catalog: used,
        resolution: withAssumptions(resolve(context, request), answerContext),
      };
    }
    const { resolution, features } = explain(context, request);
    const told = withAssumptions(resolution, answerContext);
    return { id, ok: true, snapshotHash, catalog: used, resolution: told, features };
  } catch (error) {
    return { id, ok: false, error: toProblem(error, requestId) };
  }
}

async function* asLines(answers: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const one of answers) yield `${one}\n`;
}

async function* asDocument(answers: AsyncIterable<string>): AsyncGenerator<string> {
  let separator = '{"resolutions":[';
  for await (const one of answers) {
    yield `${separator}${one}`;
    separator = ',';
  }
  yield ']}';
}

async function* inPieces(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let piece = '';
  for await (const text of texts) {
    piece += text;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
