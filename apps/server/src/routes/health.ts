import { AtlasError } from '@cpu-atlas/core';
import { z } from 'zod';
import type { FreshnessState } from '../fleet/freshness.ts';
import { replyOf, sendText, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';

const tags = ['operation'];
const startedMs = performance.now();

/** Liveness, readiness and numbers, for the things that watch a service. */
export function registerHealth(app: App, services: Services): void {
  const { store, ownHost, metrics, library, hosts, contacts, commands, events, version } = services;
  const checkStore = atMostEvery(storeCheckMs, () => store.check());
  const statusSchema = replyOf(
    z
      .object({ status: z.string(), version: z.string() })
      .meta({ id: 'Health', example: { status: 'ok', version: '0.1.0' } }),
  );

  app.get(
    '/healthz',
    { config: { access: 'public' }, schema: { tags, summary: 'The process answers', response: { 200: statusSchema } } },
    async () => ({ status: 'ok', version }),
  );

  app.get(
    '/readyz',
    {
      config: { access: 'public' },
      schema: {
        tags,
        summary: 'The store works, and the first probe of this host has ended, well or not',
        response: { 200: statusSchema, ...problemReplies(503) },
      },
    },
    async () => {
      if (ownHost.seen === null && ownHost.fault === null) {
        throw new AtlasError('NOT_READY', 'this host has not been probed yet', { remedy: 'try again in a second' });
      }
      await checkStore();
      return { status: 'ready', version };
    },
  );

  app.get(
    '/metrics',
    {
      config: { access: 'viewer' },
      schema: { tags, summary: 'Numbers for Prometheus', response: { 200: z.string() } },
    },
    async (_, reply) => {
      const catalogs = library.list();
      const { seen } = ownHost;
      const ageMs = seen === null ? null : performance.now() - seen.probedAtTicks;
      const members = await hosts.fleet().catch(() => []);
      const count = (state: FreshnessState): number =>
        members.filter(({ freshness }) => freshness.state === state).length;
      const text = metrics.render({
        version,
        hosts: members.length,
        hostsByFreshness: { fresh: count('fresh'), stale: count('stale'), unreachable: count('unreachable') },
        contacts: contacts.recorded,
        contactsWaiting: contacts.waiting,
        contactSeconds: contacts.lastMs === null ? null : contacts.lastMs / 1000,
        commandsParked: commands.parked,
        eventStreams: events.count,
        snapshotAgeSeconds: ageMs === null ? null : ageMs / 1000,
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

/** Whoever asks oftener gets the last answer: the check writes. */
const storeCheckMs = 1_000;

function atMostEvery(everyMs: number, check: () => Promise<void>): () => Promise<void> {
  let last: { readonly at: number; readonly result: Promise<void> } | null = null;
  return () => {
    const at = performance.now();
    if (last === null || at - last.at >= everyMs) last = { at, result: check() };
    return last.result;
  };
}
