import { assertNever } from '@cpu-atlas/core';
import type { ResolutionRequest, ResolutionStatus } from '@cpu-atlas/core';
import type { Answerer } from '../answerer.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { formatResolution } from '../output/resolution-table.ts';
import { write, type Terminal } from '../output/terminal.ts';

export interface ResolveOptions {
  readonly terminal: Terminal;
  readonly answerer: Answerer;
  readonly snapshot: string;
  readonly catalog: string | undefined;
  readonly request: ResolutionRequest;
  readonly isExplained: boolean;
  readonly format: 'table' | 'json';
}

/** Tells what QEMU would make of one `-cpu` argument. */
export async function resolveOne({ terminal, answerer, format, ...question }: ResolveOptions): Promise<ExitCode> {
  const { resolution, features } = await answerer.answer(question);
  const text =
    format === 'json'
      ? `${JSON.stringify({ ...resolution, features }, null, terminal.isOutTerminal ? 2 : undefined)}\n`
      : formatResolution(resolution, features, terminal.paint);
  await write(terminal.out, text);
  return exitOf(resolution.status);
}

function exitOf(status: ResolutionStatus): ExitCode {
  switch (status) {
    case 'runnable':
      return exitCodes.yes;
    case 'filtered':
    case 'refused':
      return exitCodes.no;
    case 'unknown':
      return exitCodes.unknown;
    default:
      return assertNever(status);
  }
}
