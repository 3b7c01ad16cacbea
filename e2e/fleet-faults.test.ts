/**
 * What is promised about a fleet when things break, with a real hub, hosts that speak the protocol of agents all the
 * time, and both stores. CPU_ATLAS_FAULT_ROUNDS=20 kills and restarts more often.
 *
 * Where each promise is shown:
 * - hub killed (-9) in a loop under load: here, both stores, every acknowledged observation by its timeline;
 *   e2e/fleet-crash.test.ts for the lists that a hub shows afterwards; apps/server/src/store/crash.test.ts for the store alone.
 * - PostgreSQL restarted and crashed: here under a hub that goes on running; apps/server/src/store/hubs.test.ts for
 *   several hubs, their changes without gaps, and LISTEN that comes back.
 * - network of agents cut and restored: here for answers about many hosts; e2e/fleet.test.ts for one real agent, its
 *   newest state, commands and probes.
 * - disk full: here under a hub, both stores; apps/server/src/store/faults.test.ts for the embedded engine alone.
 * - clock skew: e2e/fleet-faults-clock.test.ts; apps/server/src/store/store-clock.test.ts and late-contact.test.ts.
 */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseSnapshotText } from '@cpu-atlas/contract';
import type { HostSnapshot } from '@cpu-atlas/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { engineCases, type StorePlaces } from '../apps/server/src/store/testing/engine-cases.ts';
import { startPostgres, type TestPostgres } from '../apps/server/src/testing/postgres.ts';
import { askFleet, expectNoWider } from './faults/fleet-answers.ts';
import { expectNoneFresher, expectNothingLost, readHosts } from './faults/fleet-truth.ts';
import { canMount, mountDisk, type SmallDisk } from './faults/small-disk.ts';
import { startSteadyFleet, type SteadyFleet, type SteadyHost } from './faults/steady-fleet.ts';
import { createNetwork, createPlayground, until, type Playground, type Running } from './fleet-processes.ts';
import { checkoutRoot } from './oracle/oracle-files.ts';
import { isBuilt } from './served.ts';

const rounds = Number(process.env['CPU_ATLAS_FAULT_ROUNDS'] ?? 3);
const limitMs = 120_000 + rounds * 20_000;
/** Heartbeats of the playground's hubs come every second. */
const silence = { args: ['--stale-after', '3', '--unreachable-after', '10'], staleAfterMs: 3_000 };
const loadHosts = 12;
const isMountable = canMount();

/** Hosts of which it is known what their KVM offers, so that answers about them are yes and no. */
const recorded = [
  ...['lab-epyc-6.1', 'lab-epyc-milan-6.1', 'lab-max-6.1', 'lab-opteron_g3-6.1', 'lab-milan-a', 'lab-rome-a'],
].map((name) => parseSnapshotText(readFileSync(join(checkoutRoot, 'data', 'snapshots', `${name}.json`), 'utf8'), name));

function recordedOf(index: number): HostSnapshot {
  const snapshot = recorded[index % recorded.length];
  if (snapshot === undefined) throw new Error('there are no recorded hosts');
  return snapshot;
}

const named = (snapshot: HostSnapshot, id: string): HostSnapshot => ({ ...snapshot, host: { id, name: id } });

/** Hosts that look otherwise each time they speak, so that each word is an observation. */
function changingHosts(url: string, count = loadHosts): readonly SteadyHost[] {
  return Array.from({ length: count }, (_, index) => {
    const id = `fault-changing-${index}`;
    const snapshot = named(recordedOf(index), id);
    const lookAt = (turn: number): HostSnapshot => ({
      ...snapshot,
      qemu: [{ path: `/opt/qemu-${turn}`, version: '10.0.13' }],
    });
    return { id, url, lookAt };
  });
}

/** Hosts that stay as they are. */
function calmHosts(url: string, kind: string, count = recorded.length): readonly SteadyHost[] {
  return Array.from({ length: count }, (_, index) => {
    const id = `fault-${kind}-${index}`;
    const snapshot = named(recordedOf(index), id);
    return { id, url, lookAt: () => snapshot };
  });
}

const idsOf = (hosts: readonly SteadyHost[]): readonly string[] => hosts.map(({ id }) => id);

const isReady = async (hub: string): Promise<boolean> =>
  (await fetch(`${hub}/readyz`).catch(() => null))?.status === 200;

const untilReady = (hub: Running): Promise<boolean> => until(() => isReady(hub.url), Boolean, 60_000);

/** Waits until the hub acknowledged so much more. */
async function untilAcknowledged(fleet: SteadyFleet, more: number): Promise<void> {
  const goal = fleet.acknowledgedCount + more;
  await until(
    async () => fleet.acknowledgedCount,
    (count) => count >= goal,
    60_000,
  );
}

const refusedCount = (fleet: SteadyFleet): number => [...fleet.refusals.values()].reduce((sum, n) => sum + n, 0);

async function untilRefused(fleet: SteadyFleet): Promise<void> {
  const before = refusedCount(fleet);
  await until(
    async () => refusedCount(fleet),
    (count) => count > before,
    60_000,
  );
}

describe.skipIf(!isBuilt).each(engineCases)(
  'a fleet on the $title (needs npm run build)',
  { timeout: limitMs },
  ({ engine, isAbsent, prepare }) => {
    let places: StorePlaces;
    let playground: Playground;
    const fleets: SteadyFleet[] = [];
    const start = (hosts: readonly SteadyHost[]): SteadyFleet => {
      const fleet = startSteadyFleet(hosts);
      fleets.push(fleet);
      return fleet;
    };
    beforeAll(async () => {
      playground = createPlayground();
      if (!isAbsent) places = await prepare();
    }, 60_000);
    afterEach(async () => {
      for (const fleet of fleets.splice(0)) await fleet.stop();
    }, 60_000);
    afterAll(async () => {
      await playground.close();
      if (!isAbsent) await places.close();
    }, 60_000);
    const startHub = async (store: string, port?: number): Promise<Running> => {
      const args = ['--store', store, ...silence.args];
      const hub = await playground.hub({
        directory: playground.directory(),
        args,
        ...(port === undefined ? {} : { port }),
      });
      await untilReady(hub);
      return hub;
    };

    it.skipIf(isAbsent)(
      `loses nothing and shows nobody fresher when its hub is killed ${rounds} times under load`,
      async () => {
        const store = await places.newUrl();
        let hub = await startHub(store);
        const port = Number(new URL(hub.url).port);
        const quiet = calmHosts(hub.url, 'quiet', 2);
        const fleet = start([...changingHosts(hub.url), ...quiet]);
        await until(
          async () => idsOf(quiet).every((id) => (fleet.acknowledged.get(id) ?? []).length > 0),
          Boolean,
          60_000,
        );
        await fleet.silence(idsOf(quiet));
        let seen = 0;
        for (let kill = 0; kill < rounds; kill += 1) {
          await untilAcknowledged(fleet, 2 * loadHosts);
          await delay(Math.random() * 300);
          await hub.stop('SIGKILL');
          hub = await startHub(store, port);
          seen += await expectNoneFresher(hub.url, fleet, silence.staleAfterMs);
        }
        expect(seen).toBe(rounds * (loadHosts + quiet.length));
        await fleet.stop();
        await hub.stop();
        await expectNothingLost(store, fleet);
        // The check itself must notice a word that is not there.
        const more = new Map(
          [...fleet.acknowledged].map(([host, words]) => [host, [...words, `sha256:${'0'.repeat(64)}`]]),
        );
        await expect(expectNothingLost(store, { ...fleet, acknowledged: more })).rejects.toThrow();
      },
    );

    it.skipIf(isAbsent)(
      'makes no answer wider while part of it is cut off, and answers as before afterwards',
      async () => {
        const hub = await startHub(await places.newUrl());
        const network = await createNetwork(hub.url);
        const cut = calmHosts(network.url, 'cut', 3);
        const fleet = start([...calmHosts(hub.url, 'near'), ...cut]);
        const hosts = recorded.length + cut.length;
        const whenFresh = (count: number): Promise<unknown> =>
          until(
            () => readHosts(hub.url),
            (list) =>
              list?.filter((host) => host.source === 'agent' && host.freshness.state === 'fresh').length === count,
            60_000,
          );
        await whenFresh(hosts);
        const before = await askFleet(hub.url);
        network.cut();
        await whenFresh(recorded.length);
        const during = await askFleet(hub.url);
        expect(await expectNoneFresher(hub.url, fleet, silence.staleAfterMs)).toBe(hosts);
        expectNoWider(before, during, idsOf(cut));
        // The check itself must notice each answer that does not know of the silence.
        for (const part of ['cube', 'choices', 'pools', 'baseline'] as const) {
          const unaware = { ...during, [part]: before[part] };
          expect(() => expectNoWider(before, unaware, idsOf(cut)), part).toThrow();
        }
        network.restore();
        await whenFresh(hosts);
        const after = await until(
          () => askFleet(hub.url),
          ({ cube }) => cube.hosts.freshness.every((state) => state === 0),
        );
        expect(after).toEqual(before);
        network.close();
        await fleet.stop();
        await hub.stop();
      },
    );

    it.skipIf(isAbsent || engine === 'sqlite')(
      `loses nothing and shows nobody fresher while PostgreSQL is restarted ${rounds} times (not for the embedded engine)`,
      async () => {
        const store = await places.newUrl();
        const hub = await startHub(store);
        const fleet = start(changingHosts(hub.url));
        await untilAcknowledged(fleet, loadHosts);
        for (let round = 0; round < rounds; round += 1) {
          await places.server?.stop(round % 2 === 0 ? 'immediate' : 'fast');
          await untilRefused(fleet);
          // Without a word that is stored nobody may stay fresh.
          const silent = await until(
            () => readHosts(hub.url),
            (list) =>
              list?.filter(({ source }) => source === 'agent').every(({ freshness }) => freshness.state !== 'fresh') ===
              true,
          );
          expect(silent?.filter(({ source }) => source === 'agent')).toHaveLength(loadHosts);
          await places.server?.start();
          await untilAcknowledged(fleet, 2 * loadHosts);
          await expectNoneFresher(hub.url, fleet, silence.staleAfterMs);
        }
        expect([...fleet.refusals.keys()]).toEqual([503]);
        await fleet.stop();
        await hub.stop();
        await expectNothingLost(store, fleet);
      },
    );

    it.skipIf(isAbsent || !isMountable)(
      'acknowledges nothing on a full disk, goes on when there is room, and has lost nothing (needs a root that can mount)',
      async () => {
        const { disk, store, server } = await prepareDisk(engine);
        try {
          const hub = await startHub(store);
          const fleet = start(changingHosts(hub.url));
          await untilAcknowledged(fleet, loadHosts);
          disk.fill();
          await untilRefused(fleet);
          // Reading goes on.
          expect((await readHosts(hub.url))?.length).toBeGreaterThanOrEqual(loadHosts);
          disk.relieve();
          await untilAcknowledged(fleet, 2 * loadHosts);
          expect([...fleet.refusals.keys()]).toEqual([503]);
          await expectNoneFresher(hub.url, fleet, silence.staleAfterMs);
          await fleet.stop();
          await hub.stop();
          await expectNothingLost(store, fleet);
        } finally {
          await server?.close();
          disk.close();
        }
      },
    );
  },
);

interface DiskPlace {
  readonly disk: SmallDisk;
  readonly store: string;
  readonly server: TestPostgres | null;
}

/** A store on a disk of its own; for PostgreSQL the whole cluster lies there. */
async function prepareDisk(engine: 'sqlite' | 'postgresql'): Promise<DiskPlace> {
  if (engine === 'sqlite') {
    const disk = mountDisk(32);
    return { disk, store: `file:${join(disk.path, 'store', 'atlas.db')}`, server: null };
  }
  const disk = mountDisk(160);
  const usual = tmpdir();
  process.env['TMPDIR'] = disk.path;
  try {
    const server = await startPostgres();
    return { disk, store: await server.createDatabase(), server };
  } finally {
    process.env['TMPDIR'] = usual;
  }
}
