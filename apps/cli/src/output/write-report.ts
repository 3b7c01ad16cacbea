import {
  drawValue,
  reportFormats,
  writeValue,
  type Report,
  type ReportValue,
  type TextReportFormat,
} from '@cpu-atlas/core';
import { formatTable } from './table.ts';
import { write, type Terminal } from './terminal.ts';

/** How a report is told: as tables for people, else as one of its formats. */
export type ToldAs = 'table' | TextReportFormat;

/** Longer cells are cut on a terminal; the formats have them whole. */
const longestCell = 80;

/** How an answer is told: in its own form for people or for programs, or as a report. */
export type AnsweredAs = 'table' | 'json' | 'csv' | 'md';

/** An answer in each of its forms; only the one that is asked for is made. */
export interface ToldAnswer {
  readonly table: () => string;
  /** With its line end. */
  readonly json: () => string;
  readonly report: () => Report;
}

/** Writes an answer to stdout. */
export async function writeAnswered(terminal: Terminal, answer: ToldAnswer, format: AnsweredAs): Promise<void> {
  if (format === 'table' || format === 'json') await write(terminal.out, answer[format]());
  else await writeTold(terminal, answer.report(), format);
}

/** Writes a report to stdout. */
export async function writeTold(terminal: Terminal, report: Report, format: ToldAs): Promise<void> {
  if (format === 'table') {
    await write(terminal.out, formatReport(report, terminal));
    return;
  }
  for (const piece of reportFormats[format].write(report)) if (!(await write(terminal.out, piece))) return;
}

function formatReport({ title, facts, tables, remarks }: Report, { paint }: Terminal): string {
  const head = formatTable(facts.map(({ name, value }) => [name, value]));
  const bodies = tables.map(({ name, columns, rows }) => {
    const lines = [...rows].map((row) => row.map(cellOf));
    const shown =
      lines.length === 0 ? paint.dim('none\n') : formatTable([columns.map((column) => column.head), ...lines]);
    return `${paint.strong(name)}\n${shown}`;
  });
  return [`${paint.strong(title)}\n${head}`, ...bodies, remarks.map((remark) => `${remark}\n`).join('')].join('\n');
}

function cellOf(value: ReportValue): string {
  const text = typeof value === 'object' && value !== null ? drawValue(value) : writeValue(value);
  return text.length > longestCell ? `${text.slice(0, longestCell - 1)}…` : text;
}
