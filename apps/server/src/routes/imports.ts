import { Buffer } from 'node:buffer';
import {
  importFormatListSchema,
  importMediaTypes,
  importQuerySchema,
  importResultSchema,
  limits,
  type ImportQuery,
  type ImportResultDocument,
} from '@cpu-atlas/contract';
import { formatGuides, type ImportOptions } from '@cpu-atlas/importer';
import { z } from 'zod';
import type { Principal } from '../auth/principal.ts';
import { replyOf, type App } from '../http-types.ts';
import { createImportDesk } from '../imports/import-desk.ts';
import { recordImport } from '../imports/record-import.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';
import { validatorCompiler } from '../validation.ts';

const tags = ['imports'];

/** Hosts without an agent: what somebody pasted or uploaded becomes host snapshots. */
export function registerImports(app: App, { store }: Pick<Services, 'store'>): void {
  const desk = createImportDesk();
  app.addHook('onClose', () => desk.close());

  app.get(
    '/imports/formats',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'What can be imported, and how to come by it',
        response: { 200: replyOf(importFormatListSchema) },
      },
    },
    async () => ({ items: formatGuides }),
  );

  // In a scope of its own: nowhere else is a body taken as it is.
  void app.register(async (scope: App) => {
    scope.removeAllContentTypeParsers();
    // Bytes have no shape to check; the importer has limits of its own.
    scope.setValidatorCompiler<z.ZodType>((part) => (part.httpPart === 'body' ? takeAsIs : validatorCompiler(part)));
    scope.addContentTypeParser(
      [...importMediaTypes],
      { parseAs: 'buffer' },
      async (_request: unknown, body: Buffer) => body,
    );
    scope.post(
      '/imports',
      {
        config: { access: 'operator', isExpensive: true, isAuditedByRoute: true },
        bodyLimit: limits.requestBytes,
        schema: {
          tags,
          summary: 'Import hosts from a text or an archive; the format is told by the content',
          consumes: [...importMediaTypes],
          querystring: importQuerySchema,
          body: z
            .custom<Buffer>((value) => value instanceof Buffer, 'must be a text or an archive')
            .meta({
              type: 'string',
              format: 'binary',
            }),
          response: {
            200: replyOf(importResultSchema),
            201: replyOf(importResultSchema),
            ...problemReplies(400, 409, 413, 415, 422, 500, 503),
          },
        },
      },
      async ({ body, query, principal }, reply) => {
        const prepared = await desk.prepare(body, optionsOf(query, store.nowMs()));
        const result = await recordImport(prepared, { store, isDryRun: query.dryRun, mayReplace: query.replace });
        if (query.dryRun) return reply.code(200).send(result);
        await store.audit.append([auditLine(result, principal, store.nowMs())]);
        const [host] = result.hosts;
        if (host !== undefined && result.hosts.length === 1)
          void reply.header('location', `/api/v1/hosts/${encodeURIComponent(host.id)}`);
        return reply.code(201).send(result);
      },
    );
  });
}

const takeAsIs = (value: unknown): { readonly value: unknown } => ({ value: value ?? Buffer.alloc(0) });

function optionsOf({ name, labels, qemuVersion, accelerator }: ImportQuery, nowMs: number): ImportOptions {
  return {
    source: 'body',
    collectedAt: new Date(nowMs).toISOString(),
    hostName: name,
    labels,
    qemuVersion,
    accelerator,
  };
}

/** Of many hosts the first ones are named. */
const namedHosts = 8;

function auditLine(result: ImportResultDocument, { actor, role }: Principal, atMs: number) {
  const names = result.hosts.slice(0, namedHosts).map(({ id }) => id);
  const more = result.hosts.length - names.length;
  return {
    atMs,
    actor,
    role,
    action: 'host.import',
    target: more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', '),
    detail: { format: result.format, hosts: result.hosts.length, refused: result.refused.length },
  };
}
