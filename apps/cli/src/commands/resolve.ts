import { assertNever } from '@cpu-atlas/core';
import type { ResolutionRequest, ResolutionStatus } from '@cpu-atlas/core';
import type { Answerer } from '../answerer.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { reportResolution } from '../output/answer-reports.ts';
import { formatResolution } from '../output/resolution-table.ts';
import type { Terminal } from '../output/terminal.ts';
import { writeAnswered, writeJson, type AnsweredAs } from '../output/write-answer.ts';

export interface ResolveOptions {
  readonly terminal: Terminal;
  readonly answerer: Answerer;
  readonly snapshot: string;
  readonly catalog: string | undefined;
  readonly request: ResolutionRequest;
  readonly isExplained: boolean;
  readonly format: AnsweredAs;
}

/** Tells what QEMU would make of one `-cpu` argument. */
export async function resolveOne({ terminal, answerer, format, ...question }: ResolveOptions): Promise<ExitCode> {
  // A report has a row for each feature, asked for or not.
  const isExplained = question.isExplained || format === 'csv' || format === 'md';
  const { resolution, features } = await answerer.answer({ ...question, isExplained });
  const answer = {
    table: () => formatResolution(resolution, features, terminal.paint),
    json: () => writeJson({ ...resolution, features }, terminal),
    report: () => reportResolution(resolution, features ?? []),
  };
  await writeAnswered(terminal, answer, format);
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
