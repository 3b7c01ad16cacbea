import { drawValue, isOutcome, outcomeGlyphs, outcomeWords, type Report, type ReportTable } from './report.ts';

/** A report as Markdown (GitHub's tables), for a change request. */
export function* writeMarkdown({ title, facts, tables, remarks }: Report): Generator<string> {
  yield `# ${escapeText(title)}\n`;
  if (facts.length > 0) yield '\n';
  for (const { name, value } of facts) yield `- ${escapeText(name)}: ${escapeText(value)}\n`;
  let hasOutcomes = false;
  for (const table of tables) {
    yield `\n## ${escapeText(table.name)}\n\n`;
    hasOutcomes ||= table.columns.some(({ kind }) => kind === 'outcome');
    yield* writeTable(table);
  }
  if (hasOutcomes) yield `\n${writeLegend()}\n`;
  if (remarks.length > 0) yield '\n';
  for (const remark of remarks) yield `> ${escapeText(remark)}\n>\n`;
}

function* writeTable({ columns, rows }: ReportTable): Generator<string> {
  yield `| ${columns.map(({ head }) => escapeCell(head)).join(' | ')} |\n`;
  yield `|${columns.map(({ kind }) => (kind === 'number' ? ' ---: |' : ' --- |')).join('')}\n`;
  for (const row of rows) {
    yield `| ${row.map((value) => (isOutcome(value) ? drawValue(value) : escapeCell(drawValue(value)))).join(' | ')} |\n`;
  }
}

function writeLegend(): string {
  const shown = ['runnable', 'filtered', 'refused', 'not-offered', 'unknown'] as const;
  return shown.map((status) => `${outcomeGlyphs[status]} ${outcomeWords[status]}`).join(' · ');
}

function escapeCell(text: string): string {
  return escapeText(text).replaceAll('|', '\\|');
}

/** Names come from hosts and files: none of them may become markup. */
function escapeText(text: string): string {
  return text
    .replaceAll(/[\r\n]+/g, ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll(/[<>&*_`[\]#]/g, (sign) => (sign === '_' || sign === '#' ? sign : `\\${sign}`));
}
