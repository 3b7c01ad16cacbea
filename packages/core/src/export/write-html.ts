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
  yield `<meta name="viewport" content="width=device-width">\n<style>${style}</style>\n</head>\n<body>\n`;
  yield `<h1>${escape(title)}</h1>\n<dl class="facts">\n`;
  for (const { name, value } of facts) yield `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>\n`;
  yield '</dl>\n';
  for (const table of tables) yield* writeTable(table);
  if (tables.some(({ columns }) => columns.some(({ kind }) => kind === 'outcome'))) yield writeLegend();
  for (const remark of remarks) yield `<p class="remark">${escape(remark)}</p>\n`;
  yield `<script>${sortScript}</script>\n</body>\n</html>\n`;
}

function* writeTable({ name, columns, rows }: ReportTable): Generator<string> {
  yield `<h2>${escape(name)}</h2>\n<table>\n<thead><tr>`;
  for (const { head, kind } of columns)
    yield `<th scope="col" class="${kind}"><button type="button">${escape(head)}</button></th>`;
  yield '</tr></thead>\n<tbody>\n';
  for (const row of rows)
    yield `<tr>${row.map((value, at) => writeCell(value, columns[at]?.kind ?? 'text')).join('')}</tr>\n`;
  yield '</tbody>\n</table>\n';
}

function writeCell(value: ReportValue, kind: string): string {
  if (!isOutcome(value)) return `<td class="${kind}">${escape(writeValue(value))}</td>`;
  const { status } = value;
  return `<td class="outcome ${status}" title="${escape(writeValue(value))}">${drawValue(value)}</td>`;
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

/** Colours repeat the glyphs; both themes; AA on white and on black. */
const style = `
:root{color-scheme:light dark;font:13px/20px system-ui,sans-serif}
body{margin:24px;background:light-dark(#fff,#0f1214);color:light-dark(#15181a,#e9ecee)}
h1{font-size:20px;margin:0 0 12px}h2{font-size:15px;margin:24px 0 8px}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0}
dt{color:light-dark(#62686d,#8f99a1)}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse}
th,td{padding:2px 8px;text-align:start;border-bottom:1px solid light-dark(#e4e4de,#242a2e)}
thead th{position:sticky;top:0;background:light-dark(#f6f6f3,#15191c);white-space:nowrap}
th button{font:inherit;font-weight:600;border:0;padding:0;background:none;color:inherit;cursor:pointer}
td.number{text-align:end;font-variant-numeric:tabular-nums}
td.outcome{text-align:center;white-space:nowrap}
.runnable{color:light-dark(#0b65b8,#64adfb)}.filtered{color:light-dark(#8f5400,#f2b544)}
.refused{color:light-dark(#c02f12,#ff8061)}
.unknown,.not-offered,.stale{color:light-dark(#62686d,#8f99a1)}
td.stale{background:repeating-linear-gradient(135deg,transparent 0 4px,light-dark(#e4e4de,#242a2e) 4px 5px)}
.legend,.remark{color:light-dark(#43494d,#b9c1c7);max-width:90ch}
@media print{:root{color-scheme:light}body{margin:0}thead th{position:static}thead{display:table-header-group}tr{break-inside:avoid}}
`.replaceAll('\n', '');

const sortScript = `
for (const table of document.querySelectorAll('table')) {
  const heads = [...table.tHead.rows[0].cells];
  const collator = new Intl.Collator('en', { numeric: true });
  heads.forEach((head, at) => head.firstElementChild.addEventListener('click', () => {
    const isDescending = head.getAttribute('aria-sort') === 'ascending';
    heads.forEach((other) => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
    const body = table.tBodies[0];
    const key = (row) => row.cells[at].title || row.cells[at].textContent;
    const rows = [...body.rows].sort((a, b) => collator.compare(key(a), key(b)) * (isDescending ? -1 : 1));
    body.append(...rows);
  }));
}
`;
