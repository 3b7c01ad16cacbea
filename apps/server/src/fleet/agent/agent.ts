import { AtlasError } from '@cpu-atlas/core';
import type { HeartbeatAnswer } from '@cpu-atlas/contract';
import type { OwnHost, SeenHost } from '../../own-host.ts';
import { createCommandRunner, type CommandRunnerOptions } from './command-runner.ts';
import type { HubConnection } from './hub-connection.ts';
import { backoffWaitMs, heartbeatWaitMs } from './waits.ts';

/** Tells a hub about this host: at the start, when something changed, and with heartbeats. */
export interface Agent {
  start(): void;
  /** Whether the last heartbeat reached the hub. */
  readonly isJoined: boolean;
  /** Ends at once what is on its way. */
  close(): Promise<void>;
}

export interface AgentOptions {
  readonly hub: HubConnection;
  readonly ownHost: OwnHost;
  /** The JSON of a catalog of this host's QEMU, by content hash; null: it is not here. */
  readonly catalogText: (hash: string) => Promise<string | null>;
  /** null: this host takes no commands. */
  readonly verify: CommandRunnerOptions['verify'] | null;
  readonly agentVersion: string;
  /** From 0 to below 1. */
  readonly chance: () => number;
  readonly log: AgentLog;
}

export interface AgentLog {
  info(detail: object, text: string): void;
  warn(detail: object, text: string): void;
}

/** Requests that the hub holds back end after this. */
const commandWaitSeconds = 25;
/** What changes in quick succession is told once. */
const settleMs = 100;
/** A hub that asks for the same content again and again is not waited for. */
const mostRounds = 4;
/** Before the first probe there is nothing to tell. */
const unprobedWaitMs = 1_000;

export function createAgent(options: AgentOptions): Agent {
  const { hub, ownHost, chance, log } = options;
  const closing = new AbortController();
  const sleeper = createSleeper(closing.signal);
  let isJoined = false;
  let failures = 0;
  let running: Promise<unknown> = Promise.resolve();
  let unsubscribe = (): void => undefined;

  const tell = async (): Promise<HeartbeatAnswer | null> => {
    const seen = ownHost.seen;
    if (seen === null) return null;
    const answer = await pushState(options, seen);
    if (!isJoined) log.info({ host: seen.snapshot.host.id }, 'joined the hub');
    isJoined = true;
    failures = 0;
    return answer;
  };
  const noteFailure = (error: unknown): void => {
    failures += 1;
    if (closing.signal.aborted) return;
    if (isJoined || failures === 1) log.warn({ err: error }, 'the hub cannot be told');
    isJoined = false;
  };

  const runner = createCommandRunner({
    async probe() {
      const { hash } = await ownHost.probe();
      await tell();
      return hash;
    },
    verify: options.verify ?? refuse,
    answer: async (id, outcome) => hub.answerCommand(ownIdOf(ownHost), id, outcome),
    onAnswered: ({ id, work }, outcome) =>
      log.info({ command: id, kind: work.kind, outcome }, 'did what the hub asked'),
    onFault: (error) => log.warn({ err: error }, 'a command of the hub failed'),
  });

  const heartbeats = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        const answer = await tell();
        if (answer !== null && options.verify !== null) void runner.run(answer.commands);
        await sleeper.sleep(answer === null ? unprobedWaitMs : heartbeatWaitMs(answer.heartbeatMs, chance()));
      } catch (error) {
        noteFailure(error);
        // What changes meanwhile is told then: there is always but one state to tell.
        await sleeper.sleep(backoffWaitMs(failures, chance()), 'through changes');
      }
    }
  };
  const commands = async (): Promise<void> => {
    let faults = 0;
    while (!closing.signal.aborted) {
      try {
        if (!isJoined) {
          await sleeper.sleep(unprobedWaitMs, 'through changes');
          continue;
        }
        const list = await hub.waitForCommands(ownIdOf(ownHost), commandWaitSeconds);
        faults = 0;
        await runner.run(list.commands);
        await sleeper.sleep(list.retryAfterMs, 'through changes');
      } catch {
        faults += 1;
        await sleeper.sleep(backoffWaitMs(faults, chance()), 'through changes');
      }
    }
  };

  return {
    start() {
      unsubscribe = ownHost.subscribe(() => sleeper.wakeIn(settleMs));
      running = Promise.all([heartbeats(), options.verify === null ? null : commands()]);
    },
    get isJoined() {
      return isJoined;
    },
    async close() {
      unsubscribe();
      closing.abort();
      hub.close();
      await running;
    },
  };
}

/** A heartbeat, and before it whatever the hub does not have yet. */
async function pushState(options: AgentOptions, seen: SeenHost): Promise<HeartbeatAnswer> {
  const { hub, ownHost, agentVersion, verify } = options;
  const { snapshot, hash, facts, probedAtTicks } = seen;
  const { id } = snapshot.host;
  for (let round = 0; round < mostRounds; round += 1) {
    const answer = await hub.beat(id, {
      snapshot: hash,
      snapshotAgeMs: performance.now() - probedAtTicks,
      agentVersion,
      takesCommands: verify !== null,
      harvests: facts.qemu.map(({ path }) => ({ path, harvest: ownHost.harvestOf(path) })),
    });
    if (answer.wanted.snapshot === null) {
      for (const wanted of answer.wanted.catalogs) await pushCatalog(options, wanted);
      return answer;
    }
    await hub.putContent('snapshots', hash, JSON.stringify(snapshot));
  }
  throw new AtlasError('HUB_UNREACHABLE', 'the hub asks for the same snapshot again and again', {
    where: hash,
    remedy: 'look at the log of the hub',
  });
}

async function pushCatalog({ hub, catalogText }: AgentOptions, hash: string): Promise<void> {
  const text = await catalogText(hash);
  if (text !== null) await hub.putContent('catalogs', hash, text);
}

function ownIdOf({ seen }: OwnHost): string {
  if (seen === null) throw new AtlasError('PROBE_FAILED', 'the host has not been probed');
  return seen.snapshot.host.id;
}

function refuse(): never {
  throw new AtlasError('COMMAND_REFUSED', 'this host takes no commands', {
    remedy: 'run cpu-atlas verify on the host itself',
  });
}

interface Sleeper {
  /** Ends early when woken, unless it is to sleep through changes, and when the agent closes. */
  sleep(waitMs: number, depth?: 'through changes'): Promise<void>;
  wakeIn(waitMs: number): void;
}

function createSleeper(signal: AbortSignal): Sleeper {
  const light = new Set<() => void>();
  let wakeTimer: NodeJS.Timeout | null = null;
  const wake = (): void => {
    wakeTimer = null;
    for (const end of [...light]) end();
  };
  return {
    sleep: (waitMs, depth) =>
      new Promise((resolve) => {
        if (signal.aborted || waitMs <= 0) {
          resolve();
          return;
        }
        const end = (): void => {
          clearTimeout(timer);
          light.delete(end);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, waitMs);
        signal.addEventListener('abort', end);
        if (depth === undefined) light.add(end);
      }),
    wakeIn(waitMs) {
      wakeTimer ??= setTimeout(wake, waitMs).unref();
    },
  };
}
