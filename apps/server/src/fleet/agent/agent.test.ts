import { setTimeout as delay } from 'node:timers/promises';
import { AtlasError } from '@cpu-atlas/core';
import type { HeartbeatAnswer } from '@cpu-atlas/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { createCatalogLibrary } from '../../catalog-library.ts';
import { createOwnHost, type OwnHost } from '../../own-host.ts';
import { readRecordedHost } from '../../testing/test-server.ts';
import { createAgent, type Agent } from './agent.ts';
import type { HubConnection } from './hub-connection.ts';

const recorded = await readRecordedHost();
const agents: Agent[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
});

/** A host whose microcode goes up with each probe. */
async function createHost(): Promise<OwnHost> {
  let revision = 0;
  const host = createOwnHost({
    probe: async () => {
      revision += 1;
      return { ...recorded, hardware: { ...recorded.hardware, cpus: [], microcode: `0x${revision}` } };
    },
    library: createCatalogLibrary(),
    nowMs: Date.now,
    onProbed: () => undefined,
    onFault: () => undefined,
    prepareCatalogs: async () => undefined,
  });
  await host.current();
  return host;
}

/** A hub that keeps what it is sent, and can be switched off. */
function createHub(heartbeatMs = 60_000) {
  const stored = new Set<string>();
  const said: string[] = [];
  const state = { isUp: true, beats: 0 };
  const requireUp = (): void => {
    if (!state.isUp) throw new AtlasError('HUB_UNREACHABLE', 'off');
  };
  const connection: HubConnection = {
    async beat(_, { snapshot }): Promise<HeartbeatAnswer> {
      state.beats += 1;
      requireUp();
      const isKnown = stored.has(snapshot);
      if (isKnown) said.push(snapshot);
      return {
        isRecorded: isKnown,
        wanted: { snapshot: isKnown ? null : snapshot, catalogs: [] },
        heartbeatMs,
        commands: [],
      };
    },
    async putContent(_, hash) {
      requireUp();
      stored.add(hash);
    },
    waitForCommands: async () => ({ commands: [], retryAfterMs: 60_000 }),
    answerCommand: async () => undefined,
    close: () => undefined,
  };
  return { connection, stored, said, state };
}

function start(hub: HubConnection, ownHost: OwnHost): Agent {
  const silent = { info: () => undefined, warn: () => undefined };
  const agent = createAgent({
    hub,
    ownHost,
    catalogText: async () => null,
    verify: null,
    agentVersion: '0.0.0-test',
    chance: () => 0,
    log: silent,
  });
  agents.push(agent);
  agent.start();
  return agent;
}

async function until(isThere: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !isThere(); tries += 1) await delay(10);
  expect(isThere()).toBe(true);
}

describe('an agent', () => {
  it('sends its snapshot once, and then only its hash', async () => {
    const hub = createHub(20);
    const agent = start(hub.connection, await createHost());
    await until(() => hub.said.length >= 3);
    expect(hub.stored.size).toBe(1);
    expect(agent.isJoined).toBe(true);
  });

  it('tells a change at once, not with the next heartbeat', async () => {
    const hub = createHub(60_000);
    const host = await createHost();
    start(hub.connection, host);
    await until(() => hub.said.length === 1);
    const { hash } = await host.probe();
    await until(() => hub.said.at(-1) === hash);
  });

  it('keeps one state while the hub is down, the newest, and tells it when the hub is back', async () => {
    const hub = createHub(60_000);
    const host = await createHost();
    const agent = start(hub.connection, host);
    await until(() => agent.isJoined);
    hub.state.isUp = false;
    for (let change = 0; change < 5; change += 1) await host.probe();
    await until(() => !agent.isJoined);
    const beatsWhenDown = hub.state.beats;
    for (let change = 0; change < 20; change += 1) await host.probe();
    // Changes do not make it knock at the door more often.
    expect(hub.state.beats - beatsWhenDown).toBeLessThanOrEqual(1);
    hub.state.isUp = true;
    await until(() => hub.said.at(-1) === host.seen?.hash);
    expect(hub.stored.size).toBe(2);
  });

  it('ends at once, in the middle of whatever', async () => {
    const hub = createHub(60_000);
    hub.state.isUp = false;
    const agent = start(hub.connection, await createHost());
    await delay(20);
    const startedAt = performance.now();
    await agent.close();
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
