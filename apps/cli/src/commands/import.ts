import { join } from 'node:path';
import { AtlasError, errorTable } from '@cpu-atlas/core';
import type { HostSnapshot } from '@cpu-atlas/core';
import { importText, type ImportOptions, type ImportRefusal } from '@cpu-atlas/importer';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Destination } from '../options/import-options.ts';
import { formatImported } from '../output/import-table.ts';
import { formatSnapshot } from '../output/snapshot-table.ts';
import { printable } from '../output/table.ts';
import { write, type Terminal } from '../output/terminal.ts';
import { readImportInput, type ImportInput } from '../sources/import-input.ts';
import { sendToHub, type HubDestination } from '../sources/import-hub.ts';
import { writeWholeFile } from '../sources/write-file.ts';

export interface ImportCommand {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Paths; `-` is stdin. */
  readonly files: readonly string[];
  readonly about: ImportAbout;
  readonly destination: Destination;
  readonly format: 'table' | 'json';
}

/** What the texts themselves do not tell. */
export interface ImportAbout {
  readonly name: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly qemuVersion: string | undefined;
  readonly accelerator: 'kvm' | 'tcg' | undefined;
}

/** Imports one file after another; one that cannot be imported does not keep back the others, but the exit code tells. */
export async function importFiles(command: ImportCommand): Promise<ExitCode> {
  const { terminal, files } = command;
  const receive = receiverOf(command);
  let code: ExitCode = exitCodes.yes;
  for (const path of files) {
    try {
      const input = await readImportInput(path);
      const refused = await receive(input, optionsFor(input, command));
      for (const refusal of refused) terminal.err.write(`${printable(lineOf(refusal))}\n`);
      if (refused.length > 0) code = worse(code, exitCodes.input);
    } catch (error) {
      // One file alone: the fault is the outcome of the command.
      if (files.length === 1 || !(error instanceof AtlasError)) throw error;
      terminal.err.write(`${printable(error.toString())}\n`);
      code = worse(code, errorTable[error.code].exit);
    }
  }
  return code;
}

/** What could not be told weighs more than what was wrong. */
function worse(one: ExitCode, other: ExitCode): ExitCode {
  return one > other ? one : other;
}

function lineOf({ code, where, message, remedy }: ImportRefusal): string {
  return new AtlasError(code, message, { where, remedy }).toString();
}

function optionsFor({ source, baseName }: ImportInput, { files, about }: ImportCommand): ImportOptions {
  const { name, labels, qemuVersion, accelerator } = about;
  const isPrefix = files.length > 1 && name !== undefined && baseName !== undefined;
  return {
    source,
    collectedAt: new Date().toISOString(),
    hostName: isPrefix ? `${name}/${baseName}` : (name ?? baseName),
    labels,
    qemuVersion,
    accelerator,
  };
}

/** Takes one input and puts its hosts where they belong; the result is what was refused. */
type Receiver = (input: ImportInput, options: ImportOptions) => Promise<readonly ImportRefusal[]>;

function receiverOf(command: ImportCommand): Receiver {
  const { destination } = command;
  switch (destination.kind) {
    case 'stdout':
      return printTo(command);
    case 'directory':
      return writeTo(destination.path, command);
    case 'hub':
      return sendTo(destination, command);
  }
}

async function tellNotes({ terminal }: ImportCommand, source: string, notes: readonly string[]): Promise<void> {
  for (const note of notes) await write(terminal.err, `${printable(`${source}: ${note}`)}\n`);
}

/** Snapshots as lines of JSON: one alone is a snapshot file. */
function printTo(command: ImportCommand): Receiver {
  const { terminal, format } = command;
  return async ({ source, bytes }, options) => {
    const { snapshots, notes, refused } = importText(bytes, options);
    await tellNotes(command, source, notes);
    for (const snapshot of snapshots)
      await write(
        terminal.out,
        format === 'table' ? `${formatSnapshot(snapshot, terminal.paint)}\n` : `${JSON.stringify(snapshot)}\n`,
      );
    return refused;
  };
}

function writeTo(folder: string, command: ImportCommand): Receiver {
  const { terminal, format } = command;
  const taken = new Set<string>();
  return async ({ source, bytes }, options) => {
    const { snapshots, notes, refused, format: kind } = importText(bytes, options);
    await tellNotes(command, source, notes);
    for (const snapshot of snapshots) {
      const file = join(folder, fileNameOf(snapshot, taken));
      await writeWholeFile(file, `${JSON.stringify(snapshot, null, 1)}\n`);
      const { id, name } = snapshot.host;
      await write(
        terminal.out,
        format === 'table'
          ? `${printable(`${name}: ${kind}, ${file}`)}\n`
          : `${JSON.stringify({ id, name, format: kind, file })}\n`,
      );
    }
    return refused;
  };
}

/** A name that every file system takes; hosts of equal names do not overwrite each other. */
function fileNameOf({ host }: HostSnapshot, taken: Set<string>): string {
  const base =
    host.name
      .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 100) || 'host';
  let name = base;
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${base}-${number}`;
  taken.add(name.toLowerCase());
  return `${name}.json`;
}

function sendTo(destination: HubDestination, command: ImportCommand): Receiver {
  const { terminal, format, signal } = command;
  return async (input, options) => {
    const result = await sendToHub(destination, { input, options, signal });
    await tellNotes(command, input.source, result.notes);
    await write(
      terminal.out,
      format === 'table' ? formatImported(result, terminal.paint) : `${JSON.stringify(result)}\n`,
    );
    return result.refused.map((refusal) => ({ ...refusal, where: `${input.source}: ${refusal.where}` }));
  };
}
