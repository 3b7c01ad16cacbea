import { AtlasError, cubeMediaType, decodeCube, type Cube } from '@cpu-atlas/core';
import { cubeQuerySchema, cubeSchema, limits, ownCatalog, type CubeJson } from '@cpu-atlas/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CubeDocument, CubeService } from '../cube/cube-service.ts';
import { replyOf, sendText, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';

/** Model × machine type × host, folded, as one document that a browser pivots by itself. */
export function registerCube(app: App, services: Services, cubes: CubeService): void {
  app.addHook('onListen', async () => services.start().then(() => cubes.keepReady()));
  app.addHook('onClose', async () => cubes.close());
  app.get(
    '/cube',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['matrix'],
        summary: 'What becomes of every CPU model on every machine type of every host',
        description: `As ${cubeMediaType} (docs/cube.md), or as JSON where that is what is accepted.`,
        querystring: cubeQuerySchema,
        response: { 200: replyOf(cubeSchema), ...problemReplies(400, 404, 406, 422, 503) },
      },
    },
    async (request, reply) => {
      const { catalog, accel, kernelIrqchip, at } = request.query;
      const document = await cubes.document({
        ...{ accel, kernelIrqchip },
        catalog: catalog === ownCatalog ? null : catalog,
        at: at === undefined ? null : new Date(at).toISOString(),
      });
      return wantsJson(request) ? sendJson(reply, document) : sendDocument(request, reply, document);
    },
  );
}

function wantsJson({ headers }: FastifyRequest): boolean {
  const accept = headers.accept ?? '';
  return accept.includes('application/json') && !accept.includes(cubeMediaType);
}

async function sendDocument(
  request: FastifyRequest,
  reply: FastifyReply,
  document: CubeDocument,
): Promise<FastifyReply> {
  const encoding = chooseEncoding(request.headers['accept-encoding'] ?? '');
  void reply.header('etag', document.etag).header('vary', 'accept, accept-encoding').type(cubeMediaType);
  if (isKnown(request.headers['if-none-match'], document.etag)) return reply.code(304).send();
  if (encoding !== 'identity') void reply.header('content-encoding', encoding);
  const bytes = encoding === 'identity' ? document.identity : await document.compressed(encoding);
  return reply.serializer((body) => body).send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** Of those that the sender of the request takes, the smallest. */
function chooseEncoding(accepted: string): 'br' | 'gzip' | 'identity' {
  const names = accepted
    .split(',')
    .filter((part) => !/;\s*q=0(?:\.0*)?\s*$/.test(part))
    .map((part) => part.split(';')[0].trim().toLowerCase());
  if (names.includes('br')) return 'br';
  return names.includes('gzip') ? 'gzip' : 'identity';
}

function isKnown(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** @throws CUBE_TOO_LARGE */
function sendJson(reply: FastifyReply, { identity }: CubeDocument): FastifyReply {
  const cube = decodeCube(identity);
  const values = cube.sheets.reduce(
    (sum, { classOf, status, supported }) => sum + 2 * (classOf.length + status.length + supported.length),
    4 * cube.hosts.ids.length,
  );
  if (values > limits.cubeJsonValues)
    throw new AtlasError('CUBE_TOO_LARGE', `this cube would be ${values} values of JSON`, {
      where: 'accept',
      remedy: `ask for ${cubeMediaType}`,
    });
  return sendText(reply.header('vary', 'accept, accept-encoding'), 'application/json', JSON.stringify(asJson(cube)));
}

function asJson(cube: Cube): CubeJson {
  return {
    ...cube,
    sheets: cube.sheets.map((sheet) => ({
      ...sheet,
      classOf: [...sheet.classOf],
      aliasOf: [...sheet.aliasOf],
      status: [...sheet.status],
      filteredCount: [...sheet.filteredCount],
      supported: [...sheet.supported],
      supportUnknown: [...sheet.supportUnknown],
    })),
    sheetOf: [...cube.sheetOf],
    columnOf: [...cube.columnOf],
    hosts: { ...cube.hosts, fingerprintOf: [...cube.hosts.fingerprintOf], freshness: [...cube.hosts.freshness] },
  };
}
