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
