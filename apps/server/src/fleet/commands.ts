import { AtlasError } from '@cpu-atlas/core';
import {
  commandOutcomeSchema,
  commandWorkSchema,
  type Command,
  type CommandOutcome,
  type CommandWork,
} from '@cpu-atlas/contract';
import type { CommandStep, OpenCommand, Store } from '../store/store.ts';
import { createHostMarks } from './host-marks.ts';

/**
 * What hubs ask of joined hosts. A host opens no port: it asks for commands itself, either with a request that a hub holds
 * back until there is one, or with its heartbeat. The command lies in the store, so that it does not matter which hub the
 * host talks to. It is handed out to one run of its agent, until its result is there; the agent does each only once.
 */
export interface HostCommands {
  /**
   * Resolves with what the host made of it.
   * @throws HOST_BUSY, HOST_SILENT, STORE_FAILED, and the fault that the host met
   */
  ask(hostId: string, work: CommandWork, timeoutMs: number): Promise<Exclude<CommandOutcome, { kind: 'fault' }>>;
  /** What waits for a host, at once. */
  handOut(agent: AskingAgent): Promise<readonly Command[]>;
  /** Holds the answer back until there is something, the time is over or `signal` aborts. null: too many wait already. */
  waitFor(agent: AskingAgent, waitMs: number, signal: AbortSignal): Promise<readonly Command[] | null>;
  /** Takes a result. @throws COMMAND_NOT_FOUND, REQUEST_INVALID for the result of another kind of work, STORE_FAILED */
  settle(hostId: string, commandId: string, outcome: CommandOutcome): Promise<void>;
  /** Requests that are held back. */
  readonly parked: number;
  /** Commands of this hub without a result. */
  readonly pending: number;
  /** Answers all that wait. */
  close(): void;
}

export interface AskingAgent {
  readonly hostId: string;
  /** Names one run of the agent. Absent: it is of a version that does not tell; its host counts as one run. */
  readonly run?: string | undefined;
}

export interface HostCommandsOptions {
  readonly store: Pick<Store, 'commands' | 'nowMs'>;
  /** Requests that are held back; beyond it commands travel with heartbeats. Each costs a connection. */
  readonly parkedLimit: number;
  /** Commands of this hub at a time. */
  readonly pendingLimit: number;
  readonly makeId: () => string;
  /** Hears why a command could not be brought to an agent that waits for it. */
  readonly onFault: (error: unknown) => void;
}

/** Why an asker is woken. */
type Wake = 'settled' | 'late' | 'closing';

export function createHostCommands(options: HostCommandsOptions): HostCommands {
  const { store, parkedLimit, pendingLimit, makeId, onFault } = options;
  const pending = new Map<string, (wake: Wake) => void>();
  const parked = new Map<string, Set<() => void>>();
  let parkedCount = 0;
  let isClosed = false;
  const open = createHostMarks(async () => (await store.commands.open()).map(({ hostId }) => hostId));

  const handOut = async ({ hostId, run = hostId }: AskingAgent): Promise<readonly Command[]> => {
    const mark = await open.markOf(hostId);
    if (mark === null) return [];
    const taken = await store.commands.takeFor(hostId, run);
    if (taken === null && (await store.commands.openFor(hostId)) === null) open.forget(hostId, mark);
    return taken === null ? [] : readCommand(taken, store.nowMs());
  };
  const wakeHost = (hostId: string): void => {
    for (const look of parked.get(hostId) ?? []) look();
  };
  const takeSteps = (steps: readonly CommandStep[]): void => {
    for (const { kind, subject } of steps) {
      if (kind === 'command-settled') pending.get(subject)?.('settled');
      else {
        open.note(subject);
        wakeHost(subject);
      }
    }
  };
  const lookAgain = (): void => {
    open.reset();
    for (const hostId of parked.keys()) wakeHost(hostId);
    store.commands.settled([...pending.keys()]).then((ids) => {
      for (const id of ids) pending.get(id)?.('settled');
    }, onFault);
  };
  const unsubscribe = store.commands.subscribe(takeSteps, lookAgain);

  /** Resolves when the outcome is there, or nobody waits for it any more. */
  const post = async (command: Omit<OpenCommand, 'deadlineAtMs'>, timeoutMs: number): Promise<Wake> => {
    let timer: NodeJS.Timeout | undefined;
    const woken = new Promise<Wake>((resolve) => {
      timer = setTimeout(() => resolve('late'), timeoutMs);
      pending.set(command.id, resolve);
    });
    try {
      const deadlineAtMs = store.nowMs() + timeoutMs;
      if (!(await store.commands.put({ ...command, deadlineAtMs }))) throw busy(command.hostId);
      open.note(command.hostId);
      return await woken;
    } finally {
      clearTimeout(timer);
      pending.delete(command.id);
    }
  };

  return {
    async ask(hostId, work, timeoutMs) {
      if (isClosed) throw closing();
      if (pending.size >= pendingLimit) throw tooMany();
      const id = makeId();
      const wake = await post({ id, hostId, work: JSON.stringify(work) }, timeoutMs);
      // It may have come at the last moment.
      const told = await store.commands.remove(id);
      if (told === null) throw wake === 'closing' ? closing() : silent(hostId, timeoutMs);
      const outcome = readOutcome(told, hostId);
      if (outcome.kind === 'fault') throw faultOf(outcome);
      return outcome;
    },
    handOut,
    async waitFor(agent, waitMs, signal) {
      if (waitMs === 0 || signal.aborted || isClosed) return handOut(agent);
      const { hostId } = agent;
      if (parkedCount >= parkedLimit) {
        const ready = await handOut(agent);
        return ready.length > 0 ? ready : null;
      }
      parkedCount += 1;
      return new Promise((resolve, reject) => {
        const leave = (): boolean => {
          clearTimeout(timer);
          signal.removeEventListener('abort', giveUp);
          const waiting = parked.get(hostId);
          if (waiting?.delete(look) !== true) return false;
          if (waiting.size === 0) parked.delete(hostId);
          parkedCount -= 1;
          return true;
        };
        const giveUp = (): void => void (leave() && resolve([]));
        const look = (): void => {
          if (isClosed) return giveUp();
          handOut(agent).then(
            (commands) => void (commands.length > 0 && leave() && resolve(commands)),
            (error: unknown) => {
              onFault(error);
              if (leave()) reject(error);
            },
          );
        };
        const timer = setTimeout(giveUp, waitMs);
        signal.addEventListener('abort', giveUp);
        // Before the first look: a command that comes meanwhile wakes it once more.
        parked.set(hostId, (parked.get(hostId) ?? new Set()).add(look));
        look();
      });
    },
    async settle(hostId, commandId, outcome) {
      const waiting = await store.commands.openFor(hostId);
      if (waiting?.id !== commandId) throw notAwaited(commandId);
      const kind = readWork(waiting.work)?.kind;
      if (outcome.kind !== kind && outcome.kind !== 'fault') throw otherOutcome(kind ?? 'do something else');
      if (!(await store.commands.putOutcome(commandId, JSON.stringify(outcome)))) throw notAwaited(commandId);
    },
    get parked() {
      return parkedCount;
    },
    get pending() {
      return pending.size;
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      unsubscribe();
      for (const looks of [...parked.values()]) for (const look of [...looks]) look();
      for (const wake of [...pending.values()]) wake('closing');
    },
  };
}

/** Work that only a later version knows is left to agents of that version; nobody here can do it. */
function readCommand({ id, work, deadlineAtMs }: OpenCommand, nowMs: number): readonly Command[] {
  const read = readWork(work);
  // On the agent's clock the time that is left begins when it reads this.
  return read === null ? [] : [{ id, timeoutMs: Math.max(0, Math.round(deadlineAtMs - nowMs)), work: read }];
}

function readWork(text: string): CommandWork | null {
  return commandWorkSchema.safeParse(JSON.parse(text)).data ?? null;
}

function readOutcome(text: string, hostId: string): CommandOutcome {
  const { data } = commandOutcomeSchema.safeParse(JSON.parse(text));
  if (data !== undefined) return data;
  throw new AtlasError('STORE_FAILED', 'a hub of another version stored a result that this one cannot read', {
    where: hostId,
    remedy: 'run the same version of CPU Atlas on all hubs',
  });
}

/** The fault that a host met, as if it had been met here. */
function faultOf({ problem }: Extract<CommandOutcome, { kind: 'fault' }>): AtlasError {
  const { code, detail, where, remedy } = problem;
  return new AtlasError(code, detail, { where, remedy });
}

function closing(): AtlasError {
  return new AtlasError('HOST_SILENT', 'the hub is being stopped', { remedy: 'ask again when it runs' });
}

function busy(hostId: string): AtlasError {
  return new AtlasError('HOST_BUSY', 'the host works on another command', { where: hostId, remedy: 'wait for it' });
}

function tooMany(): AtlasError {
  return new AtlasError('HOST_BUSY', 'too many hosts work on commands', {
    where: 'this hub',
    remedy: 'try again later',
  });
}

function silent(hostId: string, timeoutMs: number): AtlasError {
  return new AtlasError('HOST_SILENT', `the host did not answer within ${Math.round(timeoutMs / 1000)} s`, {
    where: hostId,
    remedy: 'look at its agent; GET /api/v1/hosts tells when it was last heard',
  });
}

function otherOutcome(kind: string): AtlasError {
  return new AtlasError('REQUEST_INVALID', `the command was to ${kind}`, {
    where: 'body: $.kind',
    remedy: 'send the result of that, or a fault',
  });
}

function notAwaited(commandId: string): AtlasError {
  return new AtlasError('COMMAND_NOT_FOUND', 'nobody waits for the result of that command', {
    where: commandId,
    remedy: 'nothing is to be done',
  });
}
