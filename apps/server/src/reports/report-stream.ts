import { Readable } from 'node:stream';
import { assertNever, reportFormats } from '@cpu-atlas/core';
import type { Report, ReportTable, ReportValue } from '@cpu-atlas/core';
import type { ReportFormatName } from '@cpu-atlas/contract';
import { createTurns } from '../turns.ts';
import { printPdf } from './write-pdf.ts';
import { writeXlsx } from './write-xlsx.ts';

/** A report as bytes, made while they are read. */
export interface WrittenReport {
  readonly mediaType: string;
  readonly fileName: string;
  readonly body: Readable;
}

/** Text is handed on in pieces of about this size. */
const pieceCharacters = 32 * 1024;

/**
 * Writes a report in a format; equal reports give equal bytes.
 * @throws REPORT_TOO_LARGE, PDF_UNAVAILABLE
 */
export async function writeReport(report: Report, format: ReportFormatName): Promise<WrittenReport> {
  const stem = fileStemOf(report.title);
  switch (format) {
    case 'xlsx':
      return {
        mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
        fileName: `${stem}.xlsx`,
        body: await writeXlsx(report),
      };
    case 'pdf':
      return { mediaType: 'application/pdf', fileName: `${stem}.pdf`, body: await printPdf(report) };
    case 'csv':
    case 'md':
    case 'json':
    case 'html': {
      const { mediaType, extension, write } = reportFormats[format];
      const body = Readable.from(inPieces(write(report)), { objectMode: false });
      return { mediaType, fileName: `${stem}.${extension}`, body };
    }
    default:
      return assertNever(format);
  }
}

/** At most so many rows of each table, and a remark where there are more. */
export function cutReport(report: Report, maxRows: number | undefined): Report {
  if (maxRows === undefined) return report;
  return {
    ...report,
    tables: report.tables.map((table) => ({ ...table, rows: firstRows(table, maxRows) })),
    remarks: [...report.remarks, `A preview: at most ${maxRows} rows of each table.`],
  };
}

function firstRows({ rows }: ReportTable, maxRows: number): Iterable<readonly ReportValue[]> {
  return {
    *[Symbol.iterator]() {
      let count = 0;
      for (const row of rows) {
        if (count === maxRows) return;
        count += 1;
        yield row;
      }
    },
  };
}

/** Fewer, larger pieces, with a pause for others in between. */
async function* inPieces(texts: Iterable<string>): AsyncGenerator<Buffer> {
  const turns = createTurns();
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < pieceCharacters) continue;
    yield Buffer.from(piece);
    piece = '';
    await turns.take();
  }
  if (piece !== '') yield Buffer.from(piece);
}

/** `cpu-models-machine-types-of-node-a`: ASCII, short. */
function fileStemOf(title: string): string {
  const stem = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80);
  return stem === '' ? 'report' : stem;
}
