import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importFormatListSchema, importMediaTypes, importResultSchema, problemSchema } from '@cpu-atlas/contract';
import type { ImportResultDocument } from '@cpu-atlas/contract';
import type { HostSnapshot } from '@cpu-atlas/core';
import { importFormats } from '@cpu-atlas/importer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRecordedHost, startTestServer, type TestServer } from '../testing/test-server.ts';

const corpus = (file: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../../../../packages/importer/corpus/${file}`, import.meta.url)));
const gold = corpus('cpuid-one-xeon-gold-6148.txt');
const nowMs = Date.parse('2026-11-22T13:01:00Z');

let server: TestServer;
let clockMs = nowMs;
beforeEach(async () => {
  clockMs = nowMs;
  server = await startTestServer({ nowMs: () => clockMs });
});
afterEach(() => server.close());

async function send(body: Buffer | string, query: Record<string, string | string[]> = {}, type = 'text/plain') {
  return server.app.inject({
    method: 'POST',
    url: '/api/v1/imports',
    query,
    headers: { 'content-type': type },
    payload: body,
  });
}

async function importOf(...given: Parameters<typeof send>): Promise<ImportResultDocument> {
  const reply = await send(...given);
  expect([200, 201]).toContain(reply.statusCode);
  return importResultSchema.parse(reply.json());
}

async function refusalOf(...given: Parameters<typeof send>): Promise<{ status: number; code: string }> {
  const reply = await send(...given);
  const { status, code } = problemSchema.parse(reply.json());
  expect(reply.statusCode).toBe(status);
  return { status, code };
}

const snapshotAt = (snapshot: HostSnapshot, collectedAt: string, id: string): string =>
  JSON.stringify({ ...snapshot, collectedAt, host: { ...snapshot.host, id, name: id } });

describe('POST /imports', () => {
  it('makes a host of a text, with the name and labels that were given', async () => {
    const result = await importOf(gold, { name: 'node-a', labels: ['rack=r1', 'row=2'] });
    expect(result).toMatchObject({
      format: 'cpuid-raw',
      isDryRun: false,
      refused: [],
      hosts: [{ id: 'import:node-a', name: 'node-a', outcome: 'new-host', knows: { hardware: 'whole', kvm: false } }],
    });
    const row = await server.services.store.observations.host('import:node-a');
    expect(row).toMatchObject({ source: 'import', labels: { rack: 'r1', row: '2' }, collectedAtMs: nowMs });
    const stored = await server.services.store.contents.snapshot(result.hosts[0]?.snapshotHash ?? '');
    expect(JSON.parse(Buffer.from(stored?.body ?? []).toString('utf8'))).toMatchObject({ host: { name: 'node-a' } });
  });

  it('stores nothing in a dry run, and says what it would do', async () => {
    const result = await importOf(gold, { name: 'node-a', dryRun: 'true' });
    expect(result).toMatchObject({ isDryRun: true, hosts: [{ outcome: 'new-host' }] });
    expect(await server.services.store.observations.host('import:node-a')).toBeNull();
    expect(await server.services.store.contents.snapshot(result.hosts[0]?.snapshotHash ?? '')).toBeNull();
    expect((await server.services.store.audit.list({ limit: 10 })).map(({ action }) => action)).not.toContain(
      'host.import',
    );
  });

  it('takes the same host a second time as a second observation of it', async () => {
    await importOf(gold, { name: 'node-a' });
    clockMs += 60_000;
    expect(await importOf(gold, { name: 'node-a' })).toMatchObject({ hosts: [{ outcome: 'new-observation' }] });
    const seen = await server.services.store.observations.observations('import:node-a', { limit: 10 });
    expect(seen.map(({ collectedAtMs }) => collectedAtMs)).toEqual([nowMs + 60_000, nowMs]);
  });

  it('takes the time of a snapshot from the snapshot, and an older one as the past', async () => {
    const snapshot = await readRecordedHost();
    await importOf(snapshotAt(snapshot, '2026-11-20T00:00:00Z', 'node-b'));
    const older = { ...snapshot, hardware: { unknown: { code: 'X', reason: 'x', remedy: 'x' } } };
    await importOf(snapshotAt(older, '2026-10-01T00:00:00Z', 'node-b'));
    const again = await importOf(snapshotAt(snapshot, '2026-11-20T00:00:00Z', 'node-b'));
    expect(again.hosts[0]?.outcome).toBe('unchanged');
    expect(await server.services.store.observations.host('node-b')).toMatchObject({
      snapshotHash: again.hosts[0]?.snapshotHash,
      collectedAtMs: Date.parse('2026-11-20T00:00:00Z'),
    });
  });

  it('takes a snapshot of the future as taken now, and says so', async () => {
    const result = await importOf(snapshotAt(await readRecordedHost(), '2031-01-01T00:00:00Z', 'node-c'));
    expect(result.hosts[0]?.collectedAt).toBe('2026-11-22T13:01:00.000Z');
    expect(result.notes.join()).toContain('lies in the future');
  });

  it.each(['agent', 'self', 'demo'] as const)(
    'leaves a host of source %s alone, unless it is asked to replace it',
    async (source) => {
      const { store } = server.services;
      const theirs = await importOf(snapshotAt(await readRecordedHost(), '2026-11-01T00:00:00Z', 'theirs'));
      const { snapshotHash = '', fingerprint = '' } = theirs.hosts[0] ?? {};
      const contact = { name: 'x', labels: {}, snapshotHash, fingerprint, gapAfterMs: 0, agentVersion: null };
      await store.observations.recordContacts([
        { ...contact, hostId: 'theirs', source, collectedAtMs: nowMs, seenAtMs: nowMs },
      ]);
      const text = snapshotAt(await readRecordedHost(), '2026-11-22T13:00:59Z', 'theirs');
      expect(await refusalOf(text)).toEqual({ status: 409, code: 'IMPORT_CONFLICT' });
      expect((await store.observations.host('theirs'))?.source).toBe(source);
      await importOf(text, { replace: 'true' });
    },
  );

  it.each(importMediaTypes)('takes a body of %s', async (type) => {
    expect((await importOf(gold, {}, type)).format).toBe('cpuid-raw');
  });

  it.each([
    { name: 'prose', body: 'hello', code: 'IMPORT_FORMAT_UNKNOWN' },
    { name: 'nothing', body: '', code: 'IMPORT_FORMAT_UNKNOWN' },
    { name: 'entities', body: corpus('hostile/billion-laughs.xml'), code: 'IMPORT_UNSAFE' },
    { name: 'deep JSON', body: corpus('hostile/deep-json.txt'), code: 'IMPORT_TOO_LARGE' },
    { name: 'a damaged snapshot', body: corpus('hostile/bad-snapshot.txt'), code: 'SNAPSHOT_INVALID' },
  ])('refuses $name with $code', async ({ body, code }) => {
    expect((await refusalOf(body)).code).toBe(code);
  });

  it.each([
    { name: 'another media type', type: 'image/png', status: 415 },
    { name: 'a label without a value', query: { labels: 'rack' }, status: 400 },
    { name: 'a name without letters', query: { name: ' ' }, status: 400 },
    { name: 'a version that is none', query: { qemuVersion: 'new' }, status: 400 },
    { name: 'an accelerator that is none', query: { accelerator: 'hvf' }, status: 400 },
    { name: 'a body above 16 MiB', body: Buffer.alloc(16 * 1024 * 1024 + 1, 32), status: 413 },
  ])('refuses $name', async ({ body = gold, query = {}, type = 'text/plain', status }) => {
    expect((await refusalOf(body, query as Record<string, string>, type)).status).toBe(status);
  });

  it('leaves a line in the audit', async () => {
    await importOf(gold, { name: 'node-a' });
    const lines = await server.services.store.audit.list({ limit: 10 });
    expect(lines.find(({ action }) => action === 'host.import')).toMatchObject({
      actor: 'local',

      target: 'import:node-a',
      detail: { format: 'cpuid-raw', hosts: 1, refused: 0 },
    });
  });
});

describe('GET /imports/formats', () => {
  it('tells of each format how to come by it', async () => {
    const reply = await server.app.inject('/api/v1/imports/formats');
    const { items } = importFormatListSchema.parse(reply.json());
    expect(items.map(({ format }) => format).sort()).toEqual([...importFormats].sort());
    for (const { command } of items) expect(command).toMatch(/\S/);
  });
});

describe('large imports', () => {
  it('reads what is larger than a request of any other route may be', async () => {
    const row = gold.toString('utf8').replace(/^CPU.*\n/, '');
    const dump = Array.from({ length: 128 }, (_, cpu) => `CPU ${cpu}:\n${row}`).join('\n');
    expect(dump.length).toBeGreaterThan(400_000);
    const { hosts, notes } = await importOf(dump, { name: 'large' });
    expect([hosts.map(({ name }) => name), notes.join()]).toEqual([['large'], expect.not.stringContaining('one CPU')]);
  });
});
