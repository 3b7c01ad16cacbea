import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { setTimeout as delay } from 'node:timers/promises';
import { canonicalJson } from '@cpu-atlas/core';
import { heartbeatAnswerSchema, hostListSchema, parseSnapshotText } from '@cpu-atlas/contract';
import type { HostSnapshot } from '@cpu-atlas/core';
import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { createPlayground, until } from './fleet-processes.ts';
import { checkoutRoot } from './oracle/oracle-files.ts';
import { isBuilt } from './served.ts';

const playground = createPlayground();
afterAll(() => playground.close());

const kills = Number(process.env['CPU_ATLAS_CRASHES'] ?? 3);
const hosts = 40;
const recorded = parseSnapshotText(
  readFileSync(join(checkoutRoot, 'data', 'snapshots', 'core-i5-6600.json'), 'utf8'),
  'core-i5-6600.json',
);

interface Said {
  readonly hash: string;
  /** Order in which this host said it. */
  readonly turn: number;
}

function contentOf(host: string, turn: number): { readonly hash: string; readonly body: Buffer } {
  const snapshot: HostSnapshot = {
    ...recorded,
    host: { id: host, name: host },
    qemu: [{ path: `/opt/qemu-${turn}`, version: '10.0.13' }],
  };
  const { collectedAt: _, ...seen } = snapshot;
  const hash = `sha256:${createHash('sha256').update(canonicalJson(seen)).digest('hex')}`;
  return { hash, body: gzipSync(JSON.stringify(snapshot)) };
}

/** One host that changes all the time. What the hub answered for is noted; what it did not answer for may be lost. */
async function keepChanging(
  hub: string,
  host: string,
  acknowledged: Map<string, Said>,
  signal: AbortSignal,
): Promise<void> {
  for (let turn = (acknowledged.get(host)?.turn ?? 0) + 1; !signal.aborted; turn += 1) {
    const { hash, body } = contentOf(host, turn);
    try {
      const put = await fetch(`${hub}/api/v1/snapshots/${hash}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
        body,
        signal,
      });
      const beat = await fetch(`${hub}/api/v1/hosts/${host}/heartbeats`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ snapshot: hash, snapshotAgeMs: 0, agentVersion: 'e2e', takesCommands: false }),
        signal,
      });
      if (!put.ok || !beat.ok || !heartbeatAnswerSchema.parse(await beat.json()).isRecorded) continue;
      acknowledged.set(host, { hash, turn });
    } catch {
      return;
    }
  }
}

describe.skipIf(!isBuilt)('a hub that is killed under load (needs npm run build)', { timeout: 120_000 }, () => {
  it(`loses nothing that it acknowledged, ${kills} times in a row`, async () => {
    const directory = playground.directory();
    const acknowledged = new Map<string, Said>();
    let total = 0;
    for (let kill = 0; kill <= kills; kill += 1) {
      const hub = await playground.hub({ directory });
      await until(
        async () => (await fetch(`${hub.url}/readyz`)).status,
        (status) => status === 200,
      );
      for (const [host, { hash, turn }] of acknowledged) {
        const { items } = hostListSchema.parse(await (await fetch(`${hub.url}/api/v1/hosts?q=${host}`)).json());
        // The last word may have been taken without the answer having arrived.
        const next = contentOf(host, turn + 1).hash;
        expect([hash, next], `${host} after ${kill} kills`).toContain(items[0]?.snapshotHash);
        expect((await fetch(`${hub.url}/api/v1/snapshots/${hash}`)).status).toBe(200);
      }
      const stop = new AbortController();
      const names = Array.from({ length: hosts }, (_, at) => `crash-${at}-host`);
      const writers = names.map((host) => keepChanging(hub.url, host, acknowledged, stop.signal));
      const turnsOf = (): number => [...acknowledged.values()].reduce((sum, { turn }) => sum + turn, 0);
      // On a busy machine the first answers take seconds, and a hub that was told nothing has nothing to lose.
      await until(
        async () => turnsOf(),
        (turns) => turns > total,
      );
      await delay(600 + 400 * kill);
      await hub.stop('SIGKILL');
      stop.abort();
      await Promise.all(writers);
      const turns = turnsOf();
      expect(turns).toBeGreaterThan(total);
      total = turns;
    }
  });
});
