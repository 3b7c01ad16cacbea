import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAccessServer, type AccessServer } from './testing/access-server.ts';

let server: AccessServer;
beforeAll(async () => {
  server = await startAccessServer({
    settings: {
      isLoginRequired: true,
      trustedProxies: ['127.0.0.0/8'],
      proxyHeaders: { userHeader: 'x-remote-user', groupsHeader: 'x-remote-groups' },
      roles: { operator: ['admins'], viewer: ['staff'], otherwise: null },
    },
  });
});
afterAll(() => server.close());

/** Sends bytes as they are and reads the status; null: the connection was ended without an answer. */
async function statusOf(request: Uint8Array): Promise<number | null> {
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1');
    let received = '';
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (piece) => (received += piece.toString('latin1')));
    socket.on('close', () => {
      const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(received) ?? [];
      resolve(status === undefined ? null : Number(status));
    });
    socket.write(request);
  });
}

const names = [
  'authorization',
  'cookie',
  'x-forwarded-for',
  'x-remote-user',
  'x-remote-groups',
  'origin',
  'host',
  'forwarded',
];
const token = `cpuatlas_${'0'.repeat(72)}`;
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ maxLength: 200 }).map((text) => `Bearer ${text}`),
  fc.string({ maxLength: 100 }).map((text) => `cpuatlas=${text}; cpuatlas-attempt=${text}`),
  fc.integer({ min: 1_000, max: 40_000 }).map((length) => `cpuatlas=${'a'.repeat(length)}`),
  fc.integer({ min: 1, max: 3_000 }).map((count) => 'a=b; '.repeat(count)),
  fc.integer({ min: 1, max: 2_000 }).map((count) => '10.0.0.1, '.repeat(count)),
  fc.constantFrom(
    'Bearer',
    'Bearer ',
    'bearer x y',
    'Basic dTpw',
    `Bearer ${token}`,
    'Bearer \t',
    '::1',
    '%',
    '"',
    'null',
  ),
);
const paths = [
  '/api/v1/hosts',
  '/api/v1/session',
  '/api/v1/session/oidc/callback?code=x&state=y',
  '/',
  '/api/v1/tokens',
];

describe('headers of any content', () => {
  it('are answered without a fault of the server, and open nothing', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 6 }),
        async (path, headers) => {
          const lines = headers.map(([name, text]) => `${name}: ${text.replace(/[\r\n]/g, ' ')}`);
          const own = headers.some(([name]) => name === 'host') ? [] : ['host: 127.0.0.1'];
          const head = [`GET ${path} HTTP/1.1`, ...own, 'connection: close', ...lines, '', ''].join('\r\n');
          const status = await statusOf(Buffer.from(head, 'latin1'));
          expect(status === null || (status >= 200 && status < 500), String(status)).toBe(true);
          if (path.startsWith('/api/v1/hosts') || path.startsWith('/api/v1/tokens')) expect(status).not.toBe(200);
        },
      ),
      { numRuns: 400 },
    );
    expect(server.log()).not.toContain('"level":50');
  });
});
