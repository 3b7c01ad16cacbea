import { AtlasError } from '@cpu-atlas/core/errors';
import { Command, CommanderError } from 'commander';
import { commandList } from './command-list.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import type { Terminal } from './output/terminal.ts';
import { readOwnVersion } from './own-version.ts';

/** What a command gets from its process. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** Registers a command's action: its result becomes the exit code. */
export type Run = (action: () => Promise<ExitCode>) => Promise<void>;

const exitHelp = `
Exit codes: 0 yes (runnable, equal, done), 1 no (filtered, refused, different), 2 wrong usage or input, 3 could not tell.
Faults are one line on stderr, CODE: where: what; remedy. The codes are in docs/errors.md, the commands in docs/cli.md.`;

/** What `program` knows of the commands that are not `isNeeded` is their names and what they are for. */
export async function buildProgram(
  run: Run,
  surroundings: Surroundings,
  isNeeded: (command: string) => boolean,
): Promise<Command> {
  const { out, err } = surroundings.terminal;
  const program = new Command('cpu-atlas')
    .description('Which QEMU/KVM CPU models run where, what a guest really sees, and why.')
    .version(readOwnVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void out.write(text),
      // A fault is told once, as a line of its own.
      outputError: () => undefined,
      writeErr: (text) => void err.write(text),
    })
    .showSuggestionAfterError(true)
    .addHelpText('afterAll', exitHelp);
  for (const [name, { description, load }] of Object.entries(commandList)) {
    const command = program.command(name).description(description);
    if (isNeeded(name)) (await load())(command, run, surroundings);
  }
  return program;
}

/**
 * Runs one command line (without `node` and the script).
 * @throws USAGE_INVALID and what the commands throw
 */
export async function runProgram(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  let code: ExitCode = exitCodes.yes;
  const run: Run = async (action) => {
    code = await action();
  };
  const program = await buildProgram(run, surroundings, (command) => argv.includes(command));
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.exitCode === 0) return exitCodes.yes;
    throw usageFault(cause, argv);
  }
  return code;
}

function usageFault({ code, message }: CommanderError, argv: readonly string[]): AtlasError {
  if (code === 'commander.help')
    return new AtlasError('USAGE_INVALID', 'a command is missing', { remedy: 'name one of the commands above' });
  const [command = ''] = argv.filter((word) => !word.startsWith('-'));
  return new AtlasError('USAGE_INVALID', message.replace(/^error: /, '').replaceAll('\n', ' '), {
    where: command === '' ? 'cpu-atlas' : `cpu-atlas ${command}`,
    remedy: 'see cpu-atlas --help',
  });
}
