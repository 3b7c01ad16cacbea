import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from './open-store.ts';
import type { CommandStep, OpenCommand, Store } from './store.ts';
import { engineCases, type StorePlaces } from './testing/engine-cases.ts';

describe.each(engineCases)('commands: $title', ({ isAbsent, prepare }) => {
  if (isAbsent) return it.skip('an engine that is not installed is not tested', () => undefined);
  let places: StorePlaces;
  const open: Store[] = [];
  beforeAll(async () => {
    places = await prepare();
  }, 60_000);
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
  });
  afterAll(() => places.close(), 60_000);
  const openNew = async (): Promise<Store> => {
    const store = await openStore(await places.newUrl());
    open.push(store);
    return store;
  };
  const commandOf = (store: Store, change: Partial<OpenCommand> = {}): OpenCommand => ({
    ...{ id: 'c1', hostId: 'h1', work: '{"kind":"probe"}', deadlineAtMs: store.nowMs() + 60_000 },
    ...change,
  });

  it('one waits at a time for each host; the next one may come when it is answered', async () => {
    const store = await openNew();
    const { commands } = store;
    expect(await commands.put(commandOf(store))).toBe(true);
    expect(await commands.put(commandOf(store, { id: 'c2' }))).toBe(false);
    expect(await commands.put(commandOf(store, { id: 'c3', hostId: 'h2' }))).toBe(true);
    expect((await commands.open()).map(({ id }) => id)).toEqual(['c1', 'c3']);
    expect(await commands.putOutcome('c1', '{"kind":"fault"}')).toBe(true);
    expect(await commands.putOutcome('c1', '{}'), 'a second outcome').toBe(false);
    expect(await commands.put(commandOf(store, { id: 'c2' }))).toBe(true);
    expect(await commands.settled(['c1', 'c2', 'c9'])).toEqual(['c1']);
    expect(await commands.remove('c1')).toBe('{"kind":"fault"}');
    expect(await commands.remove('c1')).toBeNull();
  });

  it('of many that are put at once for one host, one is taken', async () => {
    const store = await openNew();
    const ids = Array.from({ length: 12 }, (_, index) => `c${index}`);
    const taken = await Promise.all(ids.map((id) => store.commands.put(commandOf(store, { id }))));
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await store.commands.open()).toHaveLength(1);
  });

  it('belongs to its first taker, whoever else asks at the same time', async () => {
    const store = await openNew();
    await store.commands.put(commandOf(store));
    const runs = ['r1', 'r2', 'r3', 'r4'];
    const takes = await Promise.all(runs.map((run) => store.commands.takeFor('h1', run)));
    const winner = runs[takes.findIndex((one) => one !== null)] ?? '';
    expect(takes.filter((one) => one !== null)).toEqual([
      commandOf(store, { deadlineAtMs: takes.find(Boolean)?.deadlineAtMs }),
    ]);
    expect((await store.commands.takeFor('h1', winner))?.id).toBe('c1');
    expect((await store.commands.openFor('h1'))?.id).toBe('c1');
    expect(await store.commands.takeFor('h2', winner)).toBeNull();
  });

  it('one whose time is over is not handed out, takes no outcome, and makes room', async () => {
    const store = await openNew();
    const { commands } = store;
    await commands.put(commandOf(store, { deadlineAtMs: store.nowMs() + 30 }));
    await delay(60);
    expect(await commands.takeFor('h1', 'r1')).toBeNull();
    expect(await commands.putOutcome('c1', '{}')).toBe(false);
    expect(await commands.open()).toEqual([]);
    expect(await commands.put(commandOf(store, { id: 'c2' }))).toBe(true);
  });

  it('those of hubs that died are forgotten an hour later', async () => {
    const store = await openNew();
    await store.commands.put(commandOf(store, { deadlineAtMs: store.nowMs() - 3_700_000 }));
    await store.commands.put(commandOf(store, { id: 'c2', hostId: 'h2', deadlineAtMs: store.nowMs() - 3_000_000 }));
    await store.applyRetention({ observationsMs: null, auditMs: null, changesMs: 3_600_000 });
    const again = ['c1', 'c2'].map((id) => store.commands.put(commandOf(store, { id, hostId: 'h3' })));
    expect(await Promise.all(again), 'the id of a row that is there is taken').toEqual([true, false]);
  });

  it('steps are heard in order, and are no changes that browsers see', async () => {
    const store = await openNew();
    const steps: CommandStep[] = [];
    const changes: unknown[] = [];
    store.commands.subscribe(
      (some) => steps.push(...some),
      () => undefined,
    );
    store.changes.subscribe((some) => changes.push(...some));
    await store.commands.put(commandOf(store));
    await store.commands.putOutcome('c1', '{}');
    await expect
      .poll(() => steps)
      .toEqual([
        { kind: 'command-put', subject: 'h1' },
        { kind: 'command-settled', subject: 'c1' },
      ]);
    expect(changes).toEqual([]);
    expect(await store.changes.after(0, 10)).toEqual([]);
  });
});
