import { AtlasError } from '@cpu-atlas/core';
import { problemOf, type Command, type CommandOutcome, type CommandWork } from '@cpu-atlas/contract';
import { RecentMap } from '../../recent-map.ts';

/** Does what the hub asks for: one command at a time, each only once however often it is handed out. */
export interface CommandRunner {
  /** Resolves when all of them were answered. */
  run(commands: readonly Command[]): Promise<void>;
}

export interface CommandRunnerOptions {
  /** Probes, and resolves with the hash once the hub has the snapshot. */
  readonly probe: () => Promise<string>;
  /** As this host's own API does it. */
  readonly verify: (
    request: Extract<CommandWork, { kind: 'verify' }>['request'],
  ) => Promise<Extract<CommandOutcome, { kind: 'verify' }>['verification']>;
  readonly answer: (commandId: string, outcome: CommandOutcome) => Promise<void>;
  readonly onAnswered: (command: Command, outcome: CommandOutcome['kind']) => void;
  readonly onFault: (error: unknown) => void;
}

/** Commands that are remembered as done. */
const rememberedIds = 256;

export function createCommandRunner(options: CommandRunnerOptions): CommandRunner {
  const taken = new RecentMap<string, true>(rememberedIds);
  let last: Promise<void> = Promise.resolve();

  const work = async (command: Command): Promise<CommandOutcome> => {
    switch (command.work.kind) {
      case 'probe':
        return { kind: 'probe', snapshot: await options.probe() };
      case 'verify':
        return { kind: 'verify', verification: await options.verify(command.work.request) };
    }
  };
  const execute = async (command: Command, receivedAt: number): Promise<void> => {
    // Nobody waits any more: a command before it took so long.
    if (performance.now() - receivedAt > command.timeoutMs) return;
    const outcome = await work(command).catch((error: unknown) => {
      options.onFault(error);
      return faultOutcome(error);
    });
    options.onAnswered(command, outcome.kind);
    await options.answer(command.id, outcome).catch(options.onFault);
  };

  return {
    run(commands) {
      const receivedAt = performance.now();
      for (const command of commands) {
        if (taken.get(command.id) === true) continue;
        taken.set(command.id, true);
        last = last.then(() => execute(command, receivedAt));
      }
      return last;
    },
  };
}

/** Nothing of an unknown error leaves this host but that there was one. */
function faultOutcome(error: unknown): CommandOutcome {
  const known =
    error instanceof AtlasError
      ? error
      : new AtlasError('INTERNAL', 'a defect in CPU Atlas on that host', { remedy: 'read the log of its agent' });
  return { kind: 'fault', problem: problemOf(known) };
}
