import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  hostListSchema,
  hostMatrixSchema,
  parseSnapshotText,
  probeResultSchema,
  verificationResultSchema,
  type HostSummary,
} from '@cpu-atlas/contract';
import { snapshotHash } from '../apps/server/src/content-hash.ts';
import { afterAll, describe, expect, it } from 'vitest';
import { createNetwork, createPlayground, until } from './fleet-processes.ts';
import { checkoutRoot } from './oracle/oracle-files.ts';
import { builtCli, isBuilt } from './served.ts';

const playground = createPlayground();
afterAll(() => playground.close());

const recorded = join(checkoutRoot, 'data', 'snapshots', 'lab-epyc-milan-6.1.json');
const qemu = '/usr/bin/qemu-system-x86_64';

type Headers = Readonly<Record<string, string>>;

async function getHost(hub: string, id: string, headers: Headers = {}): Promise<HostSummary | null> {
  const response = await fetch(`${hub}/api/v1/hosts?limit=1000`, { headers }).catch(() => null);
  if (response === null || !response.ok) return null;
  const { items } = hostListSchema.parse(await response.json());
  return items.find((host) => host.id === id) ?? null;
}

const post = (url: string, body: object, headers: Headers = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** A snapshot file that a test changes, as a microcode update would. */
function changeableSnapshot(): { readonly path: string; setMicrocode(revision: string): void } {
  const path = join(playground.directory(), 'snapshot.json');
  copyFileSync(recorded, path);
  return {
    path,
    setMicrocode(revision) {
      const snapshot = JSON.parse(readFileSync(path, 'utf8')) as { hardware: object };
      writeFileSync(path, JSON.stringify({ ...snapshot, hardware: { ...snapshot.hardware, microcode: revision } }));
    },
  };
}

describe.skipIf(!isBuilt)('a hub and its agents (needs npm run build)', { timeout: 60_000 }, () => {
  it('a host that joins is on the hub’s lists, with its matrix', async () => {
    const hub = await playground.hub({ directory: playground.directory() });
    const agent = await playground.agent({ host: 'node-a', snapshot: recorded, hub: hub.url });
    const host = await until(
      () => getHost(hub.url, 'node-a'),
      (found) => found !== null,
    );
    expect(host).toMatchObject({ name: 'node-a.example', source: 'agent', agentVersion: '0.0.0-e2e' });
    const matrix = async (url: string, query: string): Promise<unknown> =>
      hostMatrixSchema.parse(await (await fetch(`${url}/api/v1/matrix?catalog=10.0${query}`)).json());
    expect(await matrix(hub.url, '&host=node-a')).toEqual(await matrix(agent.url, ''));
    await agent.stop();
    await hub.stop();
  });

  it('a hub that is killed and started again has forgotten nothing, and the agent catches up', async () => {
    const directory = playground.directory();
    const snapshot = changeableSnapshot();
    const hub = await playground.hub({ directory });
    const port = Number(new URL(hub.url).port);
    const agent = await playground.agent({ host: 'node-a', snapshot: snapshot.path, hub: hub.url });
    const before = await until(
      () => getHost(hub.url, 'node-a'),
      (found) => found !== null,
    );
    await hub.stop('SIGKILL');
    snapshot.setMicrocode('0x77');
    expect((await post(`${agent.url}/api/v1/probes`, {})).status).toBe(201);
    const again = await playground.hub({ directory, port });
    const after = await until(
      () => getHost(again.url, 'node-a'),
      (found) => found !== null && found.snapshotHash !== before?.snapshotHash,
    );
    expect(after).toMatchObject({ freshness: { state: 'fresh' }, fingerprint: before?.fingerprint });
    await agent.stop();
    await again.stop();
  });

  it('a host behind a network that is cut becomes stale, then unreachable, and tells its newest state afterwards', async () => {
    const hub = await playground.hub({
      directory: playground.directory(),
      args: ['--stale-after', '2', '--unreachable-after', '4'],
    });
    const network = await createNetwork(hub.url);
    const snapshot = changeableSnapshot();
    const agent = await playground.agent({ host: 'node-cut', snapshot: snapshot.path, hub: network.url });
    const stateIs = (state: string): Promise<HostSummary | null> =>
      until(
        () => getHost(hub.url, 'node-cut'),
        (found) => found?.freshness.state === state,
      );
    await stateIs('fresh');
    network.cut();
    await stateIs('stale');
    await stateIs('unreachable');
    expect((await post(`${hub.url}/api/v1/probes`, { host: 'node-cut' })).status).toBe(504);
    for (const revision of ['0x1', '0x2', '0x3']) {
      snapshot.setMicrocode(revision);
      expect((await post(`${agent.url}/api/v1/probes`, {})).status).toBe(201);
    }
    network.restore();
    const back = await stateIs('fresh');
    const detail = (await (await fetch(`${hub.url}/api/v1/snapshots/${back?.snapshotHash}`)).json()) as {
      hardware: { microcode: string };
    };
    expect(detail.hardware.microcode).toBe('0x3');
    network.close();
    await agent.stop();
    await hub.stop();
  });

  it('content that lies is refused by the thread that reads it, and the next one is read', async () => {
    const hub = await playground.hub({ directory: playground.directory() });
    const put = async (hash: string, body: Uint8Array): Promise<unknown> => {
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
      const response = await fetch(`${hub.url}/api/v1/snapshots/${hash}`, { method: 'PUT', headers, body });
      return ((await response.json()) as { code?: string }).code ?? response.status;
    };
    const text = readFileSync(recorded, 'utf8');
    const foreign = `sha256:${'1'.repeat(64)}`;
    const answers = await Promise.all([
      put(foreign, gzipSync(text)),
      put(foreign, gzipSync('{"schema": 1}')),
      put(foreign, gzipSync(Buffer.alloc(9 * 1024 * 1024, 32))),
      put(foreign, Buffer.from('no gzip')),
      put(snapshotHash(parseSnapshotText(text, recorded)), gzipSync(text)),
    ]);
    expect(answers).toEqual(['CONTENT_MISMATCH', 'SNAPSHOT_INVALID', 'REQUEST_TOO_LARGE', 'REQUEST_INVALID', 200]);
    await hub.stop();
  });

  it('the hub asks a host to probe, over the connection that the host opened', async () => {
    const hub = await playground.hub({ directory: playground.directory() });
    const snapshot = changeableSnapshot();
    const agent = await playground.agent({ host: 'node-asked', snapshot: snapshot.path, hub: hub.url });
    const before = await until(
      () => getHost(hub.url, 'node-asked'),
      (found) => found?.takesCommands === true,
    );
    snapshot.setMicrocode('0x99');
    const response = await post(`${hub.url}/api/v1/probes`, { host: 'node-asked' });
    expect(response.status).toBe(201);
    const { summary } = probeResultSchema.parse(await response.json());
    expect(summary.snapshotHash).not.toBe(before?.snapshotHash);
    await agent.stop();
    await hub.stop();
  });

  it.skipIf(!existsSync(qemu))('the hub proves a cell with the real QEMU of a host (needs QEMU)', async () => {
    const hub = await playground.hub({ directory: playground.directory() });
    const agent = await playground.agent({ host: 'node-real', snapshot: null, hub: hub.url });
    await until(
      () => getHost(hub.url, 'node-real'),
      (found) => found?.takesCommands === true,
    );
    const cell = { host: 'node-real', accel: 'tcg', machine: 'q35', cpu: 'Nehalem' };
    const response = await post(`${hub.url}/api/v1/verifications`, cell);
    const proof = verificationResultSchema.parse(await response.json());
    expect(proof).toMatchObject({ outcome: 'equal', command: expect.arrayContaining([qemu]) as string[] });
    const evil = await post(`${hub.url}/api/v1/verifications`, { ...cell, qemu: '/bin/sh' });
    expect(await evil.json()).toMatchObject({ status: 422, code: 'QEMU_NOT_FOUND' });
    await agent.stop();
    await hub.stop();
  });

  it('an agent gets in with its token only; a token that is put into its file later is taken up', async () => {
    const directory = playground.directory();
    const makeToken = (...args: readonly string[]): string =>
      execFileSync(process.execPath, [builtCli, 'token', 'create', '--data-dir', directory, '--name', 'e2e', ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    const operator = makeToken('--role', 'operator');
    const agentToken = makeToken('--role', 'agent', '--host', 'node-token');
    const hub = await playground.hub({ directory, args: ['--require-login'] });
    const headers = { authorization: `Bearer ${operator}` };
    const tokenFile = join(directory, 'token');
    writeFileSync(tokenFile, `cpuatlas_${'0'.repeat(72)}`);
    const agent = await playground.agent({ host: 'node-token', snapshot: recorded, hub: hub.url, tokenFile });
    const thief = await playground.agent({ host: 'node-thief', snapshot: recorded, hub: hub.url, tokenFile });
    await until(
      async () => (await fetch(`${hub.url}/readyz`)).status,
      (status) => status === 200,
    );
    expect(await getHost(hub.url, 'node-token', headers)).toBeNull();
    writeFileSync(tokenFile, agentToken);
    await until(
      () => getHost(hub.url, 'node-token', headers),
      (found) => found !== null,
      40_000,
    );
    // The other agent has the same token by now, and tells about another host.
    expect(await getHost(hub.url, 'node-thief', headers)).toBeNull();
    await agent.stop();
    await thief.stop();
    await hub.stop();
  });
});
