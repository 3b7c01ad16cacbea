import { Writable } from 'node:stream';
import type { Argument, Command, Option } from 'commander';
import { choosePaint } from '../output/terminal.ts';
import { buildProgram } from '../program.ts';

export interface OptionShape {
  /** `--format` */
  readonly long: string;
  /** `-h`; null: it has none. */
  readonly short: string | null;
  /** As `--help` writes it: `--format <format>`. */
  readonly flags: string;
  readonly description: string;
  /** The next word belongs to it. */
  readonly takesValue: boolean;
  /** What the value may be; empty: anything. */
  readonly choices: readonly string[];
  readonly environment: string | null;
  readonly fallback: string | null;
}

export interface ArgumentShape {
  /** `<snapshots...>`, `[file]` */
  readonly usage: string;
  readonly description: string;
  readonly choices: readonly string[];
}

/** A command as commander knows it: what completions and the manual page are made of. */
export interface CommandShape {
  /** From the program on: `[]`, `['plan']`, `['plan', 'pools']`. */
  readonly path: readonly string[];
  readonly description: string;
  readonly options: readonly OptionShape[];
  readonly arguments: readonly ArgumentShape[];
  readonly commands: readonly CommandShape[];
}

/** The whole command line. What depends on the surroundings (a terminal, the environment) is as in a pipe. */
export async function readProgramShape(): Promise<CommandShape> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const program = await buildProgram(
    async () => undefined,
    {
      terminal: { out: nowhere, err: nowhere, isOutTerminal: false, isErrTerminal: false, paint: choosePaint(false) },
      environment: { CPU_ATLAS_DATA_DIR: '~/.cache/cpu-atlas' },
      signal: new AbortController().signal,
    },
    () => true,
  );
  return shapeOf(program, []);
}

/** All commands, each before what is below it. */
export function listCommands(shape: CommandShape): readonly CommandShape[] {
  return [shape, ...shape.commands.flatMap(listCommands)];
}

function shapeOf(command: Command, path: readonly string[]): CommandShape {
  return {
    path,
    description: command.description(),
    options: command.createHelp().visibleOptions(command).flatMap(optionOf),
    arguments: command.registeredArguments.map(argumentOf),
    commands: command.commands.map((child) => shapeOf(child, [...path, child.name()])),
  };
}

function optionOf(option: Option): OptionShape[] {
  const {
    long,
    short,
    flags,
    description,
    argChoices,
    envVar,
    required,
    optional,
    defaultValue,
    defaultValueDescription,
  } = option;
  if (!long) return [];
  return [
    {
      ...{ long, short: short ?? null, flags, description },
      takesValue: required || optional,
      choices: argChoices ?? [],
      environment: envVar ?? null,
      fallback: defaultValueDescription ?? fallbackOf(defaultValue, required || optional),
    },
  ];
}

function fallbackOf(value: unknown, takesValue: boolean): string | null {
  if (!takesValue || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  return Array.isArray(value) && value.length > 0 ? value.join(' ') : null;
}

function argumentOf(argument: Argument): ArgumentShape {
  const { description, argChoices, required, variadic } = argument;
  const name = `${argument.name()}${variadic ? '...' : ''}`;
  return { usage: required ? `<${name}>` : `[${name}]`, description, choices: argChoices ?? [] };
}
