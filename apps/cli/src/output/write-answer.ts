import type { Report } from '@cpu-atlas/core';
import { write, type Terminal } from './terminal.ts';

/** How an answer is told: in its own form for people or for programs, or as a report. */
export type AnsweredAs = 'table' | 'json' | 'csv' | 'md';

/** An answer in each of its forms; only the one that is asked for is made. */
export interface ToldAnswer {
  readonly table: () => string;
  /** With its line end. */
  readonly json: () => string;
  readonly report: () => Report | Promise<Report>;
}

/** JSON with its line end, on a terminal with the indentation that people want. */
export function writeJson(
  value: object,
  { isOutTerminal }: Terminal,
  replacer?: (name: string, value: unknown) => unknown,
): string {
  return `${JSON.stringify(value, replacer, isOutTerminal ? 2 : undefined)}\n`;
}

/** Writes an answer to stdout. Formats of reports are loaded where one is asked for. */
export async function writeAnswered(terminal: Terminal, answer: ToldAnswer, format: AnsweredAs): Promise<void> {
  if (format === 'table' || format === 'json') {
    await write(terminal.out, answer[format]());
    return;
  }
  const { writeTold } = await import('./write-report.ts');
  await writeTold(terminal, await answer.report(), format);
}
