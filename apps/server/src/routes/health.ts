import { AtlasError } from '@cpu-atlas/core';
import { z } from 'zod';
import { replyOf, sendText, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';

const tags = ['operation'];
const startedMs = performance.now();

/** Liveness, readiness and numbers, for the things that watch a service. */
export function registerHealth(app: App, services: Services): void {
  const { ownHost, metrics, library, hosts, version } = services;
  const statusSchema = replyOf(z.object({ status: z.string(), version: z.string() }).meta({ id: 'Health' }));

  app.get(
    '/healthz',
    { schema: { tags, summary: 'The process answers', response: { 200: statusSchema } } },
    async () => ({ status: 'ok', version }),
  );

  app.get(
    '/readyz',
    { schema: { tags, summary: 'The host has been probed', response: { 200: statusSchema, ...problemReplies(503) } } },
    async () => {
      if (ownHost.isProbed) return { status: 'ready', version };
      throw new AtlasError('NOT_READY', 'this host has not been probed yet', { remedy: 'try again in a second' });
    },
  );

  app.get(
    '/metrics',
    { schema: { tags, summary: 'Numbers for Prometheus', response: { 200: z.string() } } },
    async (_, reply) => {
      const catalogs = library.list();
      const records = ownHost.isProbed ? await hosts.list() : [];
      const text = metrics.render({
        version,
        hosts: records.length,
        snapshotAgeSeconds: records[0]?.summary.ageSeconds ?? null,
        probeSeconds: ownHost.lastProbeMs === null ? null : ownHost.lastProbeMs / 1000,
        catalogsShipped: catalogs.filter(({ source }) => source === 'shipped').length,
        catalogsHarvested: catalogs.filter(({ source }) => source === 'harvested').length,
        residentBytes: process.memoryUsage.rss(),
        uptimeSeconds: (performance.now() - startedMs) / 1000,
      });
      return sendText(reply, 'text/plain; version=0.0.4', text);
    },
  );
}
