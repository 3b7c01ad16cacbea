import { PassThrough, type Readable } from 'node:stream';
import { once } from 'node:events';
import { AtlasError, drawValue, isOutcome } from '@cpu-atlas/core';
import type { OutcomeValue, Report, ReportColumn, ReportTable, ReportValue } from '@cpu-atlas/core';
import type { Cell, Style, stream } from 'exceljs';
import { createTurns } from '../turns.ts';

/** Limits of a worksheet. Source: ECMA-376; Microsoft, "Excel specifications and limits". */
const most = { columns: 16_384, rows: 1_048_576, nameLength: 31, textLength: 32_767 } as const;

/** The archive and the document carry times; what is written does not depend on when. */
const writtenAt = new Date(Date.UTC(1980, 0, 1));

type WriterClass = (typeof stream)['xlsx']['WorkbookWriter'];
type Writer = InstanceType<WriterClass>;

/**
 * A report as a workbook: a sheet for each table and one of facts, typed cells, heads that stay in sight, outcomes in
 * colour. It is written while it is read, and waits for its reader.
 * @throws REPORT_TOO_LARGE for more columns than a sheet has
 */
export async function writeXlsx(report: Report): Promise<Readable> {
  const wide = report.tables.find(({ columns }) => columns.length > most.columns);
  if (wide !== undefined) throw tooLarge(wide.name, `${wide.columns.length} columns`, most.columns);
  const { default: excel } = await import('exceljs');
  const DatedWriter = withFixedTimes(excel.stream.xlsx.WorkbookWriter);
  const output = new PassThrough();
  const workbook = new DatedWriter({
    ...{ stream: output, useStyles: true, useSharedStrings: false },
    ...{ creator: 'CPU Atlas', lastModifiedBy: 'CPU Atlas', created: writtenAt, modified: writtenAt },
  });
  writeSheets(workbook, report, output).catch((error: unknown) => {
    output.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return output;
}

/**
 * exceljs gives each part of the archive the time of its writing: this gives it the same one always. The theme is the
 * first part, written by the constructor as soon as there is an archive.
 */
function withFixedTimes(Base: WriterClass): WriterClass {
  return class extends Base {
    override addThemes(): Promise<void> {
      const archive: unknown = Reflect.get(this, 'zip');
      if (typeof archive === 'object' && archive !== null) fixTimes(archive);
      return super.addThemes();
    }
  };
}

function fixTimes(archive: object): void {
  const append: unknown = Reflect.get(archive, 'append');
  if (typeof append !== 'function') return;
  Reflect.set(archive, 'append', (source: unknown, entry: object): unknown =>
    Reflect.apply(append, archive, [source, { ...entry, date: writtenAt }]),
  );
}

async function writeSheets(workbook: Writer, report: Report, output: PassThrough): Promise<void> {
  const names = new Set<string>();
  await writeSheet(workbook, aboutTable(report), names, output);
  for (const table of report.tables) await writeSheet(workbook, table, names, output);
  await workbook.commit();
}

/** Title, facts and remarks as a table of their own. */
function aboutTable({ title, facts, remarks }: Report): ReportTable {
  return {
    name: 'About',
    columns: [
      { key: 'name', head: 'Report', kind: 'text' },
      { key: 'value', head: title, kind: 'text' },
    ],
    rows: [...facts.map(({ name, value }) => [name, value]), ...remarks.map((remark) => ['Remark', remark])],
  };
}

async function writeSheet(
  workbook: Writer,
  table: ReportTable,
  names: Set<string>,
  output: PassThrough,
): Promise<void> {
  const { columns, rows } = table;
  const frozen = columns.findIndex(({ kind }) => kind === 'outcome');
  const sheet = workbook.addWorksheet(sheetName(table.name, names), {
    views: [{ state: 'frozen', ySplit: 1, xSplit: Math.max(frozen, 0) }],
  });
  sheet.columns = columns.map((column) => ({ width: widthOf(column) }));
  const head = sheet.addRow(columns.map((column) => column.head.slice(0, most.textLength)));
  columns.forEach((_, at) => (head.getCell(at + 1).style = headStyle));
  head.commit();
  const turns = createTurns();
  let count = 1;
  for (const values of rows) {
    if (++count > most.rows) throw tooLarge(table.name, 'more rows', most.rows);
    const row = sheet.addRow([]);
    values.forEach((value, at) => setCell(row.getCell(at + 1), value, columns[at]));
    row.commit();
    await turns.take();
    if (output.destroyed) return;
    // The archive does not wait by itself for whoever reads slowly.
    if (output.writableNeedDrain) await Promise.race([once(output, 'drain'), once(output, 'close')]);
  }
  if (count > 1 && columns.length > 0)
    sheet.autoFilter = { from: { row: 1, column: 1 }, to: { row: count, column: columns.length } };
  sheet.commit();
}

function setCell(cell: Cell, value: ReportValue, column: ReportColumn | undefined): void {
  if (value === null) return;
  if (isOutcome(value)) {
    // Counted ones stay numbers, so that a sheet can add them up; the format draws the glyph.
    cell.value = value.status === 'filtered' ? value.filtered : drawValue(value);
    cell.style = outcomeStyles[value.status];
  } else if (typeof value === 'string' && column?.kind === 'time' && !Number.isNaN(Date.parse(value))) {
    cell.value = new Date(value);
    cell.style = timeStyle;
  } else cell.value = typeof value === 'string' ? printable(value).slice(0, most.textLength) : value;
}

/** XML 1.0 has no control characters. */
function printable(text: string): string {
  return text.replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
}

/** Unique, at most 31 characters, without those that Excel forbids. Excel ignores case there. */
function sheetName(name: string, names: Set<string>): string {
  const plain = printable(name)
    .replaceAll(/[[\]:*?/\\]/g, ' ')
    .replaceAll(/^'+|'+$/g, '')
    .trim();
  const stem = plain === '' || plain.toLowerCase() === 'history' ? 'Table' : plain;
  for (let number = 1; ; number++) {
    const end = number === 1 ? '' : ` ${number}`;
    const candidate = `${stem.slice(0, most.nameLength - end.length).trim()}${end}`;
    if (names.has(candidate.toLowerCase())) continue;
    names.add(candidate.toLowerCase());
    return candidate;
  }
}

function widthOf({ head, kind }: ReportColumn): number {
  if (kind === 'outcome') return Math.min(24, Math.max(8, head.length + 2));
  if (kind === 'time') return 21;
  return Math.min(48, Math.max(kind === 'text' ? 16 : 10, head.length + 2));
}

const filled = (ink: string, paper: string, numFmt?: string): Partial<Style> => ({
  font: { color: { argb: ink } },
  fill: { type: 'pattern', pattern: 'solid', fgColor: { argb: paper } },
  alignment: { horizontal: 'center' },
  ...(numFmt === undefined ? {} : { numFmt }),
});

/** The palette of the dashboard on paper; each ink has a contrast of at least 4.5 on its paper. */
const outcomeStyles: Readonly<Record<OutcomeValue['status'], Partial<Style>>> = {
  runnable: filled('FF0B4F91', 'FFDCEBFA'),
  filtered: filled('FF7A4700', 'FFFCEBCB', '"◐ "0'),
  refused: filled('FFA32408', 'FFFBDDD6'),
  'not-offered': filled('FF62686D', 'FFFFFFFF'),
  unknown: filled('FF43494D', 'FFE9E9E4'),
  stale: filled('FF43494D', 'FFE9E9E4'),
};

const headStyle: Partial<Style> = {
  font: { bold: true },
  fill: { type: 'pattern', pattern: 'solid', fgColor: { argb: 'FFF6F6F3' } },
  alignment: { wrapText: true, vertical: 'top' },
};

const timeStyle: Partial<Style> = { numFmt: 'yyyy-mm-dd hh:mm:ss' };

function tooLarge(where: string, what: string, limit: number): AtlasError {
  return new AtlasError('REPORT_TOO_LARGE', `a sheet of XLSX cannot have ${what}: ${limit} is the most`, {
    where,
    remedy: 'choose fewer of them, or CSV or JSON',
  });
}
