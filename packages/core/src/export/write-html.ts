import { htmlScript, htmlStyle } from './html-look.ts';
import {
  drawValue,
  isOutcome,
  outcomeGlyphs,
  outcomeWords,
  writeValue,
  type Report,
  type ReportTable,
  type ReportValue,
} from './report.ts';

/**
 * A report as one HTML file that needs nothing else: tables that sort at a press on a head, sticky heads, a print style.
 * It works without its script, too.
 */
export function* writeHtml(report: Report): Generator<string> {
  const { title, facts, tables, remarks } = report;
  yield `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>${escape(title)}</title>\n`;
  yield `<meta name="viewport" content="width=device-width">\n<style>${htmlStyle}</style>\n</head>\n<body>\n`;
  yield `<h1>${escape(title)}</h1>\n<dl class="facts">\n`;
  for (const { name, value } of facts) yield `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>\n`;
  yield '</dl>\n';
  for (const table of tables) yield* writeTable(table);
  if (tables.some(({ columns }) => columns.some(({ kind }) => kind === 'outcome'))) yield writeLegend();
  for (const remark of remarks) yield `<p class="remark">${escape(remark)}</p>\n`;
  yield `<script>${htmlScript}</script>\n</body>\n</html>\n`;
}

/** Of more columns of outcomes the heads are turned, so that names do not make the table wide. */
const mostUpright = 8;

function* writeTable({ name, columns, rows }: ReportTable): Generator<string> {
  const isWide = columns.filter(({ kind }) => kind === 'outcome').length > mostUpright;
  yield `<h2>${escape(name)}</h2>\n<table${isWide ? ' class="wide"' : ''}>\n<thead><tr>`;
  for (const { head, kind } of columns)
    yield `<th scope="col" class="${kind}"><button type="button">${escape(head)}</button></th>`;
  yield '</tr></thead>\n<tbody>\n';
  for (const row of rows)
    yield `<tr>${row.map((value, at) => writeCell(value, columns[at]?.kind ?? 'text')).join('')}</tr>\n`;
  yield '</tbody>\n</table>\n';
}

function writeCell(value: ReportValue, kind: string): string {
  if (!isOutcome(value)) return `<td class="${classOf(kind, value)}">${escape(writeValue(value))}</td>`;
  const { status } = value;
  return `<td class="outcome ${status}" title="${escape(writeValue(value))}">${drawValue(value)}</td>`;
}

/** Longer texts are broken into lines. */
const longestLine = 40;

function classOf(kind: string, value: ReportValue): string {
  if (typeof value !== 'string' || value.length <= longestLine) return kind;
  return value.startsWith('sha256:') ? `${kind} long hash` : `${kind} long`;
}

function writeLegend(): string {
  const shown = ['runnable', 'filtered', 'refused', 'not-offered', 'unknown', 'stale'] as const;
  const items = shown.map(
    (status) => `<span class="${status}">${outcomeGlyphs[status]}</span> ${outcomeWords[status]}`,
  );
  return `<p class="legend">${items.join(' · ')}</p>\n`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
