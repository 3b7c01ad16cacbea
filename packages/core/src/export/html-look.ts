/** Look of a report as HTML. Colours repeat the glyphs; both themes; AA on white and on black. */
export const htmlStyle = `
:root{color-scheme:light dark;font:13px/20px system-ui,sans-serif}
body{margin:24px;background:light-dark(#fff,#0f1214);color:light-dark(#15181a,#e9ecee)}
h1{font-size:20px;margin:0 0 12px}h2{font-size:15px;margin:24px 0 8px}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0}
dt{color:light-dark(#62686d,#8f99a1)}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:separate;border-spacing:0}
th,td{padding:2px 8px;text-align:start;vertical-align:top;white-space:nowrap;border-bottom:1px solid light-dark(#e4e4de,#242a2e)}
thead th{position:sticky;top:0;z-index:1;vertical-align:bottom;background:light-dark(#f6f6f3,#15191c)}
tr>:first-child{position:sticky;left:0;background:light-dark(#fff,#0f1214)}
thead tr>:first-child{z-index:2;background:light-dark(#f6f6f3,#15191c)}
th button{font:inherit;font-weight:600;border:0;padding:0;background:none;color:inherit;cursor:pointer;text-align:inherit}
th.number,td.number{text-align:end;font-variant-numeric:tabular-nums}
.long{white-space:normal;overflow-wrap:anywhere;min-width:36ch;max-width:48ch}
.hash{font:11px/20px ui-monospace,monospace;min-width:42ch}
th.outcome,td.outcome{text-align:center}
.wide .outcome{padding-inline:3px}
.wide th.outcome button{writing-mode:vertical-rl;transform:rotate(180deg);max-height:26ch;overflow-wrap:anywhere;white-space:normal}
.runnable{color:light-dark(#0b65b8,#64adfb)}.filtered{color:light-dark(#8f5400,#f2b544)}
.refused{color:light-dark(#c02f12,#ff8061)}
.unknown,.not-offered,.stale{color:light-dark(#62686d,#8f99a1)}
td.stale{background:repeating-linear-gradient(135deg,transparent 0 4px,light-dark(#e4e4de,#242a2e) 4px 5px)}
.legend,.remark{color:light-dark(#43494d,#b9c1c7);max-width:90ch}
@page{size:A4 landscape;margin:12mm}
@media print{:root{color-scheme:light;font-size:10px;line-height:15px}.hash{font-size:8.5px;line-height:15px}h1{font-size:16px}h2{font-size:12px;margin-top:16px}body{margin:0}thead{display:table-header-group}tr{break-inside:avoid}h2{break-after:avoid}
th,tr>:first-child{position:static!important;background:none!important}
th.outcome button,th button{display:contents;writing-mode:inherit!important;transform:none}.wide th.outcome{writing-mode:sideways-lr;text-align:start;height:28ch;white-space:normal;overflow-wrap:anywhere}}
`.replaceAll('\n', '');

/** Tables sort at a press on a head. A page that is too narrow for a table grows: paper must not cut columns off. */
export const htmlScript = `
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
// In print text has 10 px instead of 13.
const widest = Math.max(0, ...[...document.querySelectorAll('table')].map((table) => table.scrollWidth * 10 / 13));
const onA4 = 1030, margins = 92;
if (widest > onA4) {
  const width = Math.ceil(widest) + margins;
  document.head.append(Object.assign(document.createElement('style'), {
    textContent: '@page{size:' + width + 'px ' + Math.round(width / Math.SQRT2) + 'px}',
  }));
}
`;
