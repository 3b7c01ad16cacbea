/** Numbers and tables of docs/proof.md. */

/** Columns that are read from the right. */
const numeric = /^(Cells|Equal|Different|Known|Not told|Left out|Passed|Failed|Skipped|Took|Ratio|.* ms)$/;

export const number = (value) => value.toLocaleString('en');
export const ms = (value) => `${value.toFixed(value < 1 ? 3 : value < 10 ? 2 : 0)} ms`;
const cell = (text) => String(text).replaceAll('|', '\\|');
export const table = (head, rows) =>
  [head, head.map((name) => (numeric.test(name) ? '---:' : '---')), ...rows]
    .map((row) => `| ${row.map(cell).join(' | ')} |`)
    .join('\n');
export const sum = (list, of) => list.reduce((total, item) => total + of(item), 0);

export const countOf = (tests, status) => tests.filter((test) => test.status === status).length;
export const skippedOf = (tests) => tests.length - countOf(tests, 'passed') - countOf(tests, 'failed');
