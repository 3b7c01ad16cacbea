import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../apps/server/src/testing/test-server.ts';
import { routesOf, type ApiRoute, type OpenApiDocument } from './fuzz/api-routes.ts';
import { memberOf, spoil, spoils, valuesOf, type SchemaContext } from './fuzz/json-schema.ts';
import { damaged, readImportSeeds, type Damage } from './fuzz/seeds.ts';
import { checkoutRoot } from './oracle/oracle-files.ts';

/** How long each random test runs. `CPU_ATLAS_FUZZ_SECONDS=600` is the longer mode; a failure prints its seed. */
const fuzzMs = Number(process.env.CPU_ATLAS_FUZZ_SECONDS ?? '12') * 1_000;
const limits = { interruptAfterTimeLimit: fuzzMs, markInterruptAsFailure: false, numRuns: 1_000_000 };
const testTimeoutMs = fuzzMs + 30_000;
/** Growth of this whole process while it is fuzzed, the generators included: what it holds on to, and what it took. */
const heldLimitBytes = 200 * 1024 * 1024;
const residentLimitBytes = 1024 * 1024 * 1024;
/** Streams and answers that are held back are left after the shorter time. */
const patienceMs = { stream: 200, answer: 5_000 } as const;
const isStream = (path: string): boolean => /\/(?:events|commands)\b/.test(path);

let server: TestServer;
let url = '';
let webDirectory = '';
let routes: readonly ApiRoute[] = [];
let context: SchemaContext = { schemas: {}, words: [''], rightByName: {} };

beforeAll(async () => {
  webDirectory = await mkdtemp(join(tmpdir(), 'cpu-atlas-web-'));
  await writeFile(join(webDirectory, 'index.html'), '<!doctype html><title>CPU Atlas</title>');
  server = await startTestServer({ nowMs: Date.now, webDirectory });
  url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  const document = (await (await fetch(`${url}/api/openapi.json`)).json()) as OpenApiDocument;
  routes = routesOf(document);
  context = { schemas: document.components?.schemas ?? {}, ...(await meaningfulTexts()) };
}, 60_000);
afterAll(async () => {
  await server.close();
  await rm(webDirectory, { recursive: true, force: true });
}, 60_000);

/** What reaches beyond the first check: ids and hashes that exist, names that a QEMU knows, documents. */
async function meaningfulTexts(): Promise<Pick<SchemaContext, 'words' | 'rightByName'>> {
  const items = async (path: string): Promise<readonly Record<string, unknown>[]> =>
    ((await (await fetch(`${url}/api/v1/${path}`)).json()) as { items: Record<string, unknown>[] }).items;
  const valuesAt = (records: readonly Record<string, unknown>[], key: string): string[] =>
    records.map((record) => record[key]).filter((value) => typeof value === 'string');
  const [hosts, catalogs] = [await items('hosts'), await items('catalogs')];
  const [ids, hashes] = [valuesAt(hosts, 'id'), valuesAt(catalogs, 'hash')];
  const machines = ['q35', 'pc', 'pc-q35-10.0', 'microvm'];
  const cpus = ['host', 'max', 'EPYC-Milan', 'Skylake-Server-v4,+vmx', 'EPYC,+svm,enforce', 'base,vendor=AuthenticAMD'];
  return {
    words: [...ids, ...hashes, ...machines, ...cpus, 'kvm', 'tcg', 'on', 'avx2', '1', '10.0.13', 'rack=r1', 'sha256:'],
    rightByName: {
      id: ids,
      host: ids,
      hash: [...hashes, ...valuesAt(hosts, 'snapshotHash')],
      catalog: [...hashes, '10.0.13'],
      snapshot: valuesAt(hosts, 'snapshotHash'),
      machine: machines,
      cpu: cpus,
      accel: ['kvm', 'tcg'],
      limit: ['1', '5'],
      wait: ['0'],
    },
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A request over the wire; a stream is read only for a while. */
async function ask(path: string, init: RequestInit): Promise<Answer> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), isStream(path) ? patienceMs.stream : patienceMs.answer);
  try {
    const reply = await fetch(`${url}${path}`, { ...init, redirect: 'manual', signal: stop.signal });
    const text = await reply.text().catch(() => '');
    return { status: reply.status, text };
  } catch (error) {
    if (stop.signal.aborted && isStream(path)) return { status: 0, text: '' };
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** No answer is a fault of the server, and each refusal tells its code. */
function expectNoDefect(what: string, { status, text }: Answer): void {
  expect(status, `${what} → ${status} ${text.slice(0, 400)}`).toBeLessThan(500);
  if (status >= 400 && status !== 431) expect(text, what).toMatch(/"code":"[A-Z_]+"/);
}

/** Collects garbage, so that what is left is what is held. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}

function memory(): { readonly heldBytes: number; readonly residentBytes: number } {
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heldBytes: heapUsed + external, residentBytes: rss };
}

async function expectBoundedMemory(work: () => Promise<void>): Promise<void> {
  const before = memory();
  await work();
  const after = memory();
  expect(after.heldBytes - before.heldBytes).toBeLessThan(heldLimitBytes);
  expect(after.residentBytes - before.residentBytes).toBeLessThan(residentLimitBytes);
}

async function expectAlive(): Promise<void> {
  expect((await ask('/healthz', {})).status).toBe(200);
}

interface Drawn {
  readonly route: ApiRoute;
  readonly path: string;
  readonly init: RequestInit;
}

/** Any operation with parameters and a body that are right, nearly right, or nonsense. */
function requests(): fc.Arbitrary<Drawn> {
  return fc.oneof(...routes.map(requestsTo));
}

function requestsTo(route: ApiRoute): fc.Arbitrary<Drawn> {
  const words = fc.oneof(fc.constantFrom(...context.words), fc.string({ maxLength: 30 }));
  const params = route.pathParameters.map((name) => memberOf(name, { type: 'string' }, context).map(textOf));
  const query = Object.entries(route.query).map(([name, schema]) =>
    fc.option(
      memberOf(name, schema, context).map((value) => [name, value] as const),
      { nil: null },
    ),
  );
  const stray = fc.option(fc.tuple(fc.string({ maxLength: 8 }), words), { nil: null, freq: 9 });
  const changes = fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(spoils, { minLength: 1, maxLength: 2 }));
  const body = fc
    .tuple(valuesOf(route.body ?? {}, context), changes)
    .map(([value, spoiled]) => spoiled.reduce(spoil, value));
  return fc
    .record({ params: fc.tuple(...params), query: fc.tuple(...query, stray), body })
    .map((drawn) => requestOf(route, drawn));
}

function requestOf(
  route: ApiRoute,
  { params, query, body }: { params: string[]; query: (readonly [string, unknown] | null)[]; body: unknown },
): Drawn {
  const path = route.pathParameters.reduce(
    (text, name, i) => text.replace(`{${name}}`, encodeURIComponent(wellFormed(params[i] ?? '')) || 'x'),
    route.path,
  );
  const search = new URLSearchParams();
  for (const pair of query) {
    if (pair === null) continue;
    for (const value of [pair[1]].flat()) search.append(wellFormed(pair[0]), wellFormed(textOf(value)).slice(0, 4_000));
  }
  const hasBody = route.method !== 'GET' && route.method !== 'HEAD' && body !== undefined;
  const init: RequestInit = hasBody
    ? { method: route.method, headers: { 'content-type': 'application/json' }, body: wellFormed(JSON.stringify(body)) }
    : { method: route.method };
  return { route, path: `${path}?${search.toString()}`, init };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
/** Half of a surrogate pair cannot be sent. */
const wellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

describe('the API under random requests', () => {
  it('tells of its routes', () => {
    expect(routes.length).toBeGreaterThan(15);
    expect(routes.filter(({ body }) => body !== null).length).toBeGreaterThan(3);
  });

  it(
    'never fails, whatever it is asked',
    async () => {
      const seen = new Map<string, number>();
      await expectBoundedMemory(() =>
        fc.assert(
          fc.asyncProperty(requests(), async ({ route, path, init }) => {
            const answer = await ask(path, init);
            expectNoDefect(`${route.method} ${path.slice(0, 300)} ${String(init.body).slice(0, 600)}`, answer);
            const kind = answer.status === 0 ? 'held back' : answer.status < 300 ? 'answered' : 'refused';
            seen.set(kind, (seen.get(kind) ?? 0) + 1);
          }),
          limits,
        ),
      );
      await expectAlive();
      // A fuzzer that only ever meets the first check tests nothing.
      expect(seen.get('answered') ?? 0).toBeGreaterThan(20);
      expect(seen.get('refused') ?? 0).toBeGreaterThan(20);
    },
    testTimeoutMs,
  );

  it(
    'never fails on imports that are damaged, of any format',
    async () => {
      const seeds = readImportSeeds();
      const damage: fc.Arbitrary<Damage> = fc.record({
        kind: fc.constantFrom('cut', 'drop', 'repeat', 'flip', 'splice'),
        at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        lengthBytes: fc.integer({ min: 1, max: 400 }),
        other: fc.oneof(fc.constantFrom(...seeds), fc.uint8Array({ maxLength: 60 })),
      });
      const bodies = fc
        .tuple(fc.constantFrom(...seeds), fc.array(damage, { maxLength: 3 }))
        .map(([seed, damages]) => damages.reduce(damaged, seed));
      const query = fc.constantFrom('', '?dryRun=true', '?name=node-a&labels=rack=r1', '?replace=true&accelerator=tcg');
      await expectBoundedMemory(() =>
        fc.assert(
          fc.asyncProperty(bodies, query, async (body, search) => {
            const headers = { 'content-type': 'application/octet-stream' };
            const answer = await ask(`/api/v1/imports${search}`, { method: 'POST', headers, body });
            expectNoDefect(`POST /imports ${body.subarray(0, 200).toString('latin1')}`, answer);
          }),
          limits,
        ),
      );
      await expectAlive();
    },
    testTimeoutMs,
  );
});

/** A ZIP of one file that says it unpacks to `sizeBytes`, as it does. */
function zipOf(content: Buffer, { name = 'a.txt', crc = 0 } = {}): Buffer {
  const packed = deflateRawSync(content, { level: 9 });
  const fields = (signature: number, extra: number): Buffer => {
    const header = Buffer.alloc(30 + extra);
    header.writeUInt32LE(signature, 0);
    const at = extra === 0 ? 4 : 6;
    header.writeUInt16LE(20, at);
    header.writeUInt16LE(8, at + 4);
    header.writeUInt32LE(crc, at + 10);
    header.writeUInt32LE(packed.length, at + 14);
    header.writeUInt32LE(content.length, at + 18);
    header.writeUInt16LE(name.length, at + 22);
    return header;
  };
  const local = Buffer.concat([fields(0x04034b50, 0), Buffer.from(name), packed]);
  const directory = Buffer.concat([fields(0x02014b50, 16), Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, directory, end]);
}

const entityBomb = readFileSync(join(checkoutRoot, 'packages/importer/corpus/hostile/billion-laughs.xml'));
const mb = 1024 * 1024;

describe('hostile bodies', () => {
  it.each([
    {
      name: 'a ZIP that unpacks to 400 MB',
      path: 'imports',
      body: () => zipOf(Buffer.alloc(400 * mb)),
      status: [413, 422],
    },
    { name: 'entities that expand', path: 'imports', body: () => entityBomb, status: [422] },
    {
      name: 'brackets without end',
      path: 'imports',
      body: () => Buffer.from('{"return":' + '['.repeat(8 * mb)),
      status: [413],
    },
    {
      name: 'elements without end',
      path: 'imports',
      body: () => Buffer.from('<capabilities>'.repeat(500_000)),
      status: [413, 422],
    },
    { name: 'more than 16 MiB', path: 'imports', body: () => Buffer.alloc(17 * mb, 'a'), status: [413] },
    {
      name: 'deep JSON',
      path: 'resolutions',
      type: 'application/json',
      body: () => Buffer.from(`${'['.repeat(5 * mb)}1${']'.repeat(5 * mb)}`),
      status: [400, 413],
    },
    {
      name: 'a million requests',
      path: 'resolutions',
      type: 'application/json',
      body: () => Buffer.from(`{"requests":[${'{},'.repeat(1_000_000)}{}]}`),
      status: [400, 413],
    },
    {
      name: 'JSON that is cut short',
      path: 'resolutions',
      type: 'application/json',
      body: () => '{"requests":[',
      status: [400],
    },
    {
      name: 'a key that would be a prototype',
      path: 'resolutions',
      type: 'application/json',
      body: () => '{"__proto__":{"a":1}}',
      status: [400],
    },
    { name: 'no JSON', path: 'resolutions', type: 'text/plain', body: () => 'hello', status: [400, 415] },
    { name: 'a type that is none', path: 'resolutions', type: ';;;', body: () => '{}', status: [415] },
    {
      name: 'gzip that is none',
      path: 'resolutions',
      type: 'application/json',
      encoding: 'gzip',
      body: () => 'hello',
      status: [400, 415],
    },
    {
      name: 'gzip that is cut short',
      path: 'imports',
      encoding: 'gzip',
      body: () => gzipSync(Buffer.alloc(mb)).subarray(0, 200),
      status: [400, 413, 415, 422],
    },
    {
      name: 'gzip that unpacks to 1 GB',
      path: 'imports',
      encoding: 'gzip',
      body: () => gzipSync(Buffer.alloc(1024 * mb), { level: 9 }),
      status: [400, 413, 415, 422],
    },
    { name: 'an encoding that is none', path: 'imports', encoding: 'x', body: () => 'hello', status: [400, 415] },
  ])('$name is refused, and costs no memory', async ({ path, type = 'text/plain', encoding, body, status }) => {
    const bytes = body();
    await expectBoundedMemory(async () => {
      const headers = { 'content-type': type, ...(encoding !== undefined && { 'content-encoding': encoding }) };
      const reply = await fetch(`${url}/api/v1/${path}`, { method: 'POST', headers, body: bytes }).catch(onlyReset);
      // The server may hang up on whoever goes on sending what was refused.
      if (reply === null) return;
      const text = await reply.text();
      expect(status, text.slice(0, 300)).toContain(reply.status);
      expect(text).toMatch(/"code":"[A-Z_]+"/);
    });
    await expectAlive();
  });
});

/** A connection that the server ended before it had read everything; any other failure is one. */
function onlyReset(error: unknown): null {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause && ['ECONNRESET', 'EPIPE'].includes(String(cause.code))) return null;
  throw error;
}

/** Bytes as they are, which no HTTP client would send. What comes back up to the end of the connection. */
async function sendRaw(bytes: Buffer | string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.setTimeout(3_000, () => socket.destroy());
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.end(bytes);
  await once(socket, 'close');
  return answer;
}

describe('hostile connections', () => {
  const post = 'POST /api/v1/imports HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\n';
  it.each([
    { name: 'no HTTP', bytes: Buffer.from([0, 1, 2, 255, 254]) },
    { name: 'a header without end', bytes: `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(200_000)}` },
    { name: 'many headers', bytes: `GET / HTTP/1.1\r\nhost: localhost\r\n${'x: a\r\n'.repeat(20_000)}\r\n` },
    { name: 'two lengths', bytes: `${post}content-length: 5\r\ncontent-length: 6\r\n\r\nhello` },
    { name: 'a length and chunks', bytes: `${post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n` },
    { name: 'a chunk that is none', bytes: `${post}transfer-encoding: chunked\r\n\r\nzz\r\n` },
    { name: 'less than was announced', bytes: `${post}content-length: 500\r\n\r\nhello` },
    { name: 'a negative length', bytes: `${post}content-length: -1\r\n\r\n` },
    {
      name: 'a broken escape in the address',
      bytes: 'GET /api/v1/hosts/%zz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
    },
    {
      name: 'a NUL in the address',
      bytes: 'GET /api/v1/hosts/%00 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
    },
    {
      name: 'a way out of the folder',
      bytes: 'GET /assets/..%2f..%2f..%2fpackage.json HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
    },
    {
      name: 'a very long address',
      bytes: `GET /${'a'.repeat(15_000)} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
    },
    { name: 'a method that is none', bytes: 'FOO / HTTP/1.1\r\nhost: localhost\r\n\r\n' },
    { name: 'no host', bytes: 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n' },
  ])('$name: the server refuses, and lives', async ({ bytes }) => {
    const answer = await sendRaw(bytes);
    const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1];
    if (status !== undefined) expect(Number(status), answer.slice(0, 300)).toBeLessThan(500);
    await expectAlive();
  });
});
