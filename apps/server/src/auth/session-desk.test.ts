import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { hashSecret } from './secrets.ts';
import { createSessionDesk, type SessionDesk } from './session-desk.ts';
import { createTokenDesk } from './token-desk.ts';

const minuteMs = 60_000;
const person = { subject: 'oidc:1', displayName: 'Ada', role: 'operator' } as const;
let nowMs = Date.parse('2026-11-22T13:00:00Z');
let directory: string;
let store: Store;
const faults: unknown[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cpu-atlas-sessions-'));
  store = await openStore(join(directory, 'atlas.db'), { machine: { wallMs: () => nowMs, monotonicMs: () => nowMs } });
});
afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
  expect(faults).toEqual([]);
});

/** The desk of one hub. */
function openDesk(): SessionDesk {
  const settings = { sessionIdleMs: 60 * minuteMs, sessionLifeMs: 600 * minuteMs };
  const tokens = createTokenDesk(store, (error) => faults.push(error));
  return createSessionDesk({ store, tokens, settings });
}

describe('a session that two hubs know', () => {
  it('is not brought back by the one that extends it after the other has ended it', async () => {
    const [here, there] = [openDesk(), openDesk()];
    const { secret } = await here.begin(person);
    expect(await here.find(secret)).not.toBeNull();
    await there.end(secret);
    nowMs += 30 * minuteMs;
    expect(await here.find(secret)).toBeNull();
    expect(await store.access.session(hashSecret(secret))).toBeNull();
  });

  it('is extended by both at once, and told by each as long as it lasts', async () => {
    const desks = [openDesk(), openDesk(), openDesk()];
    const [first] = desks;
    const { secret } = await first.begin(person);
    nowMs += 30 * minuteMs;
    const found = await Promise.all([...desks, ...desks].map((desk) => desk.find(secret)));
    expect(found.every((session) => session !== null)).toBe(true);
    expect(await store.access.session(hashSecret(secret))).toMatchObject({ expiresAtMs: nowMs + 60 * minuteMs });
  });
});
