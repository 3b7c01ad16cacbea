import { setTimeout as delay } from 'node:timers/promises';
import { fleetEventSchema, type FleetEvent } from '@cpu-atlas/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storedSnapshotOf } from '../fleet/stored-snapshot.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

let server: TestServer;
let url: string;
let nowMs = Date.parse('2026-11-22T13:01:00Z');
beforeAll(async () => {
  server = await startTestServer({ nowMs: () => nowMs });
  url = `${await server.app.listen({ host: '127.0.0.1', port: 0 })}/api/v1/events`;
  await server.services.start();
});
afterAll(() => server.close());

/** A host that is heard of now. */
async function hear(id: string): Promise<void> {
  const stored = storedSnapshotOf({ ...server.snapshot, host: { id, name: id } });
  await server.services.store.contents.putSnapshots([stored]);
  await server.services.contacts.record(
    {
      ...{ hostId: id, name: id, labels: {}, source: 'agent', agentVersion: null, gapAfterMs: 300_000 },
      ...{ snapshotHash: stored.hash, fingerprint: stored.fingerprint, collectedAtMs: nowMs, seenAtMs: nowMs },
    },
    { takesCommands: false, harvests: new Map() },
  );
}

interface Listener {
  readonly events: readonly FleetEvent[];
  readonly lastId: string;
  waitFor(isThere: (events: readonly FleetEvent[]) => boolean): Promise<void>;
  close(): void;
}

/** What a browser's EventSource makes of the stream. */
async function listen(lastEventId?: string): Promise<Listener> {
  const abort = new AbortController();
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const response = await fetch(url, { headers, signal: abort.signal });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  const events: FleetEvent[] = [];
  let lastId = '';
  const read = async (): Promise<void> => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const piece of response.body ?? []) {
      text += decoder.decode(piece, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        lastId = /^id: (.*)$/m.exec(block)?.[1] ?? lastId;
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) events.push(fleetEventSchema.parse(JSON.parse(data)));
      }
    }
  };
  void read().catch(() => undefined);
  const waitFor: Listener['waitFor'] = async (isThere) => {
    for (let tries = 0; tries < 200 && !isThere(events); tries += 1) await delay(25);
    expect(isThere(events), JSON.stringify(events)).toBe(true);
  };
  for (let tries = 0; tries < 200 && lastId === ''; tries += 1) await delay(10);
  return {
    events,
    get lastId() {
      return lastId;
    },
    waitFor,
    close: () => abort.abort(),
  };
}

const tells =
  (kind: FleetEvent['kind'], host: string) =>
  (events: readonly FleetEvent[]): boolean =>
    events.some((event) => event.kind === kind && 'host' in event && event.host === host);

describe('GET /events', () => {
  it('tells of a new host at once, and of nothing that was before', async () => {
    await hear('node-before');
    const listener = await listen();
    await hear('node-new');
    await listener.waitFor(tells('host-new', 'node-new'));
    expect(tells('host-new', 'node-before')(listener.events)).toBe(false);
    listener.close();
  });

  it('goes on after Last-Event-ID without gap and without repetition', async () => {
    const first = await listen();
    await hear('node-1');
    await first.waitFor(tells('host-new', 'node-1'));
    const { lastId } = first;
    first.close();
    await hear('node-2');
    await hear('node-3');
    const second = await listen(lastId);
    await hear('node-4');
    await second.waitFor(tells('host-new', 'node-4'));
    expect(second.events.map((event) => ('host' in event ? event.host : ''))).toEqual(['node-2', 'node-3', 'node-4']);
    second.close();
  });

  it('says reset to a browser that comes from another store or too late', async () => {
    const listener = await listen('999999');
    await listener.waitFor((events) => events.some(({ kind }) => kind === 'reset'));
    await hear('node-after-reset');
    await listener.waitFor(tells('host-new', 'node-after-reset'));
    listener.close();
  });

  it('tells when a host falls silent, and when it is back', async () => {
    await hear('node-silent');
    const listener = await listen();
    nowMs += 100_000;
    await listener.waitFor(tells('host-freshness', 'node-silent'));
    expect(listener.events.find((event) => 'freshness' in event && event.host === 'node-silent')).toMatchObject({
      freshness: 'stale',
    });
    await hear('node-silent');
    await listener.waitFor((events) => events.some((event) => 'freshness' in event && event.freshness === 'fresh'));
    listener.close();
  });

  it('forgets a browser that has gone', async () => {
    const drain = async (): Promise<number> => {
      for (let tries = 0; tries < 100 && server.services.events.count > 0; tries += 1) await delay(20);
      return server.services.events.count;
    };
    expect(await drain()).toBe(0);
    const listener = await listen();
    expect(server.services.events.count).toBe(1);
    listener.close();
    expect(await drain()).toBe(0);
  });

  it('does not keep the server from ending', async () => {
    const other = await startTestServer();
    const address = await other.app.listen({ host: '127.0.0.1', port: 0 });
    const response = await fetch(`${address}/api/v1/events`);
    const startedAt = performance.now();
    await other.close();
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await response.text();
  });
});
