import { AtlasError } from '@cpu-atlas/core';
import { Command, CommanderError } from 'commander';
import { addBaseline } from './options/baseline-options.ts';
import { addCompare } from './options/compare-options.ts';
import { addDecode } from './options/decode-options.ts';
import { addExport } from './options/export-options.ts';
import { addGuestCpuid } from './options/guest-cpuid-options.ts';
import { addHarvest } from './options/harvest-options.ts';
import { addImport } from './options/import-options.ts';
import { addPolicy } from './options/policy-options.ts';
import { addPlan } from './options/plan-options.ts';
import { addProbe } from './options/probe-options.ts';
import { addResolve } from './options/resolve-options.ts';
import { addServe } from './options/serve-options.ts';
import { addToken } from './options/token-options.ts';
import { addVerify } from './options/verify-options.ts';
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

/**
 * Runs one command line (without `node` and the script).
 * @throws USAGE_INVALID and what the commands throw
 */
export async function runProgram(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { terminal } = surroundings;
  let code: ExitCode = exitCodes.yes;
  const run: Run = async (action) => {
    code = await action();
  };
  const program = new Command('cpu-atlas')
    .description('Which QEMU/KVM CPU models run where, what a guest really sees, and why.')
    .version(readOwnVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.out.write(text),
      // A fault is told once, as a line of its own.
      outputError: () => undefined,
      writeErr: (text) => void terminal.err.write(text),
    })
    .showSuggestionAfterError(true)
    .addHelpText('afterAll', exitHelp);
  for (const add of [
    addPlan,
    addProbe,
    addHarvest,
    addResolve,
    addVerify,
    addServe,
    addToken,
    addDecode,
    addImport,
    addBaseline,
    addCompare,
    addGuestCpuid,
    addExport,
    addPolicy,
  ])
    add(program, run, surroundings);
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
