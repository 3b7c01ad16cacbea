import type { Report } from './report.ts';
import { writeCsv } from './write-csv.ts';
import { writeHtml } from './write-html.ts';
import { writeJson } from './write-json.ts';
import { writeMarkdown } from './write-markdown.ts';

interface ReportFormat {
  readonly label: string;
  readonly extension: string;
  readonly mediaType: string;
  /** In pieces, so that a long report needs no memory of its own. */
  readonly write: (report: Report) => Generator<string>;
}

/** The formats that are text; XLSX and PDF are made where there is more than a browser. */
export const reportFormats = {
  csv: { label: 'CSV', extension: 'csv', mediaType: 'text/csv; charset=utf-8', write: writeCsv },
  md: { label: 'Markdown', extension: 'md', mediaType: 'text/markdown; charset=utf-8', write: writeMarkdown },
  json: { label: 'JSON', extension: 'json', mediaType: 'application/json; charset=utf-8', write: writeJson },
  html: { label: 'HTML', extension: 'html', mediaType: 'text/html; charset=utf-8', write: writeHtml },
} as const satisfies Record<string, ReportFormat>;

export type TextReportFormat = keyof typeof reportFormats;
