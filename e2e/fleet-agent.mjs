/**
 * An agent in a process of its own, which stands for another machine than the one it runs on:
 *
 *   node e2e/fleet-agent.mjs '{"host": "node-a", "snapshot": FILE or null, "hub": URL, "tokenFile": FILE or null, "directory": DIR}'
 *
 * `snapshot` is read at each probe; null: this machine is probed, under the name of `host`.
 */
import { readFile } from 'node:fs/promises';
import { identifyBinary, verifyCell } from '@cpu-atlas/catalog';
import { parseSnapshotText } from '@cpu-atlas/contract';
import { collectSnapshot } from '@cpu-atlas/prober';
import { startServer } from '@cpu-atlas/server';
import { shippedDirectory } from '@cpu-atlas/server/library';

const { host, snapshot, hub, tokenFile, directory } = JSON.parse(process.argv[2]);
const named = (seen) => ({ ...seen, host: { id: host, name: `${host}.example`, labels: { role: 'test' } } });
const server = await startServer({
  host: '127.0.0.1',
  port: 0,
  version: '0.0.0-e2e',
  dataDirectory: directory,
  shippedDirectory,
  webDirectory: directory,
  allowedNames: [],
  access: {
    ...{ isLoginRequired: false, isLoopbackTrusted: false, tls: null, isBehindProxy: false, trustedProxies: [] },
    ...{ proxyHeaders: null, oidc: null, publicUrl: null, isInsecureBindAllowed: false, insecureRole: 'viewer' },
    roles: { operator: [], viewer: [], otherwise: null },
    sessionIdleMs: 60_000,
    sessionLifeMs: 60_000,
  },
  isHarvesting: false,
  logLevel: 'silent',
  machine: {
    probe: async () =>
      named(
        snapshot === null ? await collectSnapshot() : parseSnapshotText(await readFile(snapshot, 'utf8'), snapshot),
      ),
    identify: identifyBinary,
    harvest: undefined,
    verify: verifyCell,
  },
  join: {
    url: hub,
    readToken: async () => (tokenFile === null ? null : (await readFile(tokenFile, 'utf8')).trim()),
    ca: null,
    takesCommands: true,
  },
});
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)));
process.stdout.write(`${server.url}\n`);
