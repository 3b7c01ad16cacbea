import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { problemOf, type Command, type CommandOutcome } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { createHostCommands, type HostCommands } from './commands.ts';

let ids = 0;
let folder: string;
let store: Store;
const faults: unknown[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cpu-atlas-commands-'));
  store = await openStore(join(folder, 'atlas.db'));
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
  expect(faults).toEqual([]);
});

const create = (limits: { parkedLimit?: number; pendingLimit?: number } = {}): HostCommands =>
  createHostCommands({
    store,
    parkedLimit: 10,
    pendingLimit: 10,
    makeId: () => `command-${(ids += 1)}`,
    onFault: (error) => void faults.push(error),
    ...limits,
  });
const a = { hostId: 'a', run: 'first run' };
const b = { hostId: 'b', run: 'first run' };
const probe = { kind: 'probe' } as const;
const hash = `sha256:${'a'.repeat(64)}`;
const probed: CommandOutcome = { kind: 'probe', snapshot: hash };
const never = new AbortController().signal;
/** Whatever it comes to, as a value. */
const outcomeOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    (value) => value,
    (error: unknown) => (error instanceof AtlasError ? error.code : error),
  );
/** The command that lies ready for a host, as soon as there is one. */
async function handedOut(commands: HostCommands, agent = a): Promise<Command> {
  const [command] = (await commands.waitFor(agent, 5_000, never)) ?? [];
  if (command === undefined) throw new Error('no command came');
  return command;
}

describe('commands for hosts', () => {
  it('an agent that waits gets a command at once', async () => {
    const commands = create();
    const waiting = commands.waitFor(a, 5_000, never);
    expect(commands.parked).toBe(1);
    const asked = commands.ask('a', probe, 5_000);
    const [command] = (await waiting) ?? [];
    expect(command?.work).toEqual(probe);
    await commands.settle('a', command?.id ?? '', probed);
    expect(await asked).toEqual(probed);
    expect([commands.parked, commands.pending]).toEqual([0, 0]);
  });

  it('one that is handed out is handed out again until its result is there: the answer may have been lost', async () => {
    const commands = create();
    const asked = commands.ask('a', probe, 5_000);
    const first = await handedOut(commands);
    const [second] = (await commands.waitFor(a, 0, never)) ?? [];
    expect(second?.id).toBe(first.id);
    await commands.settle('a', first.id, probed);
    expect(await commands.handOut(a)).toEqual([]);
    await asked;
  });

  it('one that is handed out is not for an agent that was started anew: it may be half done', async () => {
    const commands = create();
    const asked = outcomeOf(commands.ask('a', probe, 500));
    await handedOut(commands);
    expect(await commands.handOut({ hostId: 'a', run: 'second run' })).toEqual([]);
    expect(await commands.handOut(a)).toHaveLength(1);
    expect(await asked).toBe('HOST_SILENT');
  });

  it('tells the time that is left, not the time that was given', async () => {
    const commands = create();
    const asked = outcomeOf(commands.ask('a', probe, 1_000));
    await delay(200);
    expect((await commands.handOut(a))[0]?.timeoutMs).toBeLessThanOrEqual(810);
    commands.close();
    await asked;
  });

  it('a host has one at a time, and other hosts theirs', async () => {
    const commands = create();
    const first = outcomeOf(commands.ask('a', probe, 5_000));
    await handedOut(commands);
    expect(await outcomeOf(commands.ask('a', probe, 5_000))).toBe('HOST_BUSY');
    const other = outcomeOf(commands.ask('b', probe, 5_000));
    expect(commands.pending).toBe(2);
    await handedOut(commands, b);
    commands.close();
    expect(await Promise.all([first, other])).toEqual(['HOST_SILENT', 'HOST_SILENT']);
  });

  it('a host that does not answer in time is silent, and can be asked again', async () => {
    const commands = create();
    expect(await outcomeOf(commands.ask('a', probe, 20))).toBe('HOST_SILENT');
    expect([commands.pending, await commands.handOut(a)]).toEqual([0, []]);
    const again = commands.ask('a', probe, 5_000);
    await commands.settle('a', (await handedOut(commands)).id, probed);
    expect(await again).toEqual(probed);
  });

  it('a result that comes after the time is over is not awaited', async () => {
    const commands = create();
    const asked = outcomeOf(commands.ask('a', probe, 200));
    const { id } = await handedOut(commands);
    await asked;
    await expect(commands.settle('a', id, probed)).rejects.toMatchObject({ code: 'COMMAND_NOT_FOUND' });
  });

  it.each<[string, string, CommandOutcome, string]>([
    ['of a command that nobody gave', 'x', probed, 'COMMAND_NOT_FOUND'],
    ['of another kind', '', { ...probed, kind: 'verify' } as unknown as CommandOutcome, 'REQUEST_INVALID'],
  ])('a result %s is refused', async (_, id, outcome, code) => {
    const commands = create();
    const asked = outcomeOf(commands.ask('a', probe, 5_000));
    const known = (await handedOut(commands)).id;
    await expect(commands.settle('a', id === '' ? known : id, outcome)).rejects.toMatchObject({ code });
    await expect(commands.settle('b', known, probed)).rejects.toMatchObject({ code: 'COMMAND_NOT_FOUND' });
    commands.close();
    await asked;
  });

  it('the fault of a host is the fault of who asked', async () => {
    const commands = create();
    const asked = commands.ask('a', probe, 5_000);
    const problem = problemOf(new AtlasError('PROBE_BUSY', 'a probe runs', { where: 'there', remedy: 'wait' }));
    const { id } = await handedOut(commands);
    const settled = commands.settle('a', id, { kind: 'fault', problem });
    await expect(asked).rejects.toMatchObject({ code: 'PROBE_BUSY', where: 'there', remedy: 'wait' });
    await settled;
  });

  it('holds back so many requests and no more; commands wait for the heartbeat then', async () => {
    const commands = create({ parkedLimit: 1 });
    const parked = commands.waitFor(a, 5_000, never);
    expect(await commands.waitFor(b, 5_000, never)).toBeNull();
    const asked = outcomeOf(commands.ask('b', probe, 5_000));
    await expect.poll(() => commands.handOut(b)).toHaveLength(1);
    commands.close();
    expect(await parked).toEqual([]);
    await asked;
  });

  it('asks so many hosts at a time and no more', async () => {
    const commands = create({ pendingLimit: 1 });
    const asked = outcomeOf(commands.ask('a', probe, 5_000));
    expect(await outcomeOf(commands.ask('b', probe, 5_000))).toBe('HOST_BUSY');
    commands.close();
    await asked;
  });

  it('an agent that goes away is not waited for', async () => {
    const commands = create();
    const gone = new AbortController();
    const waiting = commands.waitFor(a, 60_000, gone.signal);
    gone.abort();
    expect(await waiting).toEqual([]);
    expect(commands.parked).toBe(0);
  });

  it('an answer that is held back ends after its time', async () => {
    expect(await create().waitFor(a, 20, never)).toEqual([]);
  });

  it('is closed at once, and asks nobody after that', async () => {
    const commands = create();
    const waiting = commands.waitFor(a, 60_000, never);
    commands.close();
    expect(await waiting).toEqual([]);
    expect(await outcomeOf(commands.ask('a', probe, 5_000))).toBe('HOST_SILENT');
  });
});
