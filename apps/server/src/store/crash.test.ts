import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from './open-store.ts';
import { engineCases, type StorePlaces } from './testing/engine-cases.ts';
import { startWriter, type Acknowledged } from './testing/start-writer.ts';

const rounds = 4;

describe.each(engineCases)('$title, kill -9 in the middle of writing', ({ engine, isAbsent, prepare }) => {
  let places: StorePlaces;
  beforeAll(async () => {
    if (!isAbsent) places = await prepare();
  }, 60_000);
  afterAll(async () => {
    if (!isAbsent) await places.close();
  }, 60_000);

  it.skipIf(isAbsent)(
    'loses nothing that was acknowledged, and opens again at once',
    async () => {
      const url = await places.newUrl();
      const acknowledged: Acknowledged[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const writer = await startWriter(url);
        await expect.poll(() => writer.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(0);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
        await writer.kill();
        acknowledged.push(...writer.acknowledged);
        await expectAllThere(url, acknowledged);
      }
    },
    120_000,
  );

  it.skipIf(isAbsent || engine === 'sqlite')(
    'together with a crash of the database server loses nothing either (not for the embedded engine: it has none)',
    async () => {
      const url = await places.newUrl();
      const writer = await startWriter(url);
      await expect.poll(() => writer.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(50);
      await places.server?.stop('immediate');
      await writer.kill();
      await places.server?.start();
      await expectAllThere(url, writer.acknowledged);
    },
    120_000,
  );
});

async function expectAllThere(url: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  const store = await openStore(url);
  try {
    const known = await store.contents.knownSnapshots(acknowledged.map(({ hash }) => hash));
    expect(acknowledged.filter(({ hash }) => !known.has(hash))).toEqual([]);
    const lastSeenMs = new Map<string, number>();
    for (const { hostId, seenAtMs } of acknowledged) lastSeenMs.set(hostId, seenAtMs);
    for (const [hostId, seenAtMs] of lastSeenMs) {
      const timeline = await store.observations.observations(hostId, { limit: 100_000 });
      const ids = new Set(timeline.map(({ id }) => id));
      const own = acknowledged.filter((one) => one.hostId === hostId);
      expect(own.filter(({ observationId }) => !ids.has(observationId))).toEqual([]);
      expect((await store.observations.host(hostId))?.lastSeenAtMs).toBeGreaterThanOrEqual(seenAtMs);
    }
    const latest = await store.changes.latest();
    const changes = (await store.changes.after(0, latest + 10)) ?? [];
    expect(changes.map(({ id }) => id)).toEqual(Array.from({ length: latest }, (_, index) => index + 1));
  } finally {
    await store.close();
  }
}
