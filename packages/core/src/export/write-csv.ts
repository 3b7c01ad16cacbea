import { writeValue, type Report, type ReportTable, type ReportValue } from './report.ts';

/**
 * A report as CSV: the rows of each table under its heads, tables and the facts at the end apart by an empty line.
 * Source: RFC 4180; formulas are disarmed as OWASP's "CSV injection" says
 */
export function* writeCsv({ title, facts, tables, remarks }: Report): Generator<string> {
  for (const table of tables) {
    yield* writeTable(table);
    yield '\r\n';
  }
  yield writeLine(['report', title]);
  for (const { name, value } of facts) yield writeLine([name, value]);
  for (const remark of remarks) yield writeLine(['remark', remark]);
}

function* writeTable({ columns, rows }: ReportTable): Generator<string> {
  yield writeLine(columns.map(({ head }) => head));
  for (const row of rows) yield writeLine(row);
}

function writeLine(values: readonly ReportValue[]): string {
  return `${values.map(writeField).join(',')}\r\n`;
}

function writeField(value: ReportValue): string {
  const text = typeof value === 'number' ? String(value) : disarm(writeValue(value));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Spreadsheets run what begins like a formula: an apostrophe in front makes it text again. */
export function disarm(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
