import type { Report, ReportTable, ReportValue } from './report.ts';

/** A report as one JSON document, a row a line: `{ title, facts, remarks, tables: [{ name, columns, rows: [[…]] }] }`. */
export function* writeJson({ title, facts, tables, remarks }: Report): Generator<string> {
  yield `{\n"schema": "cpu-atlas/report/1",\n"title": ${JSON.stringify(title)},\n`;
  yield `"facts": ${JSON.stringify(facts)},\n"remarks": ${JSON.stringify(remarks)},\n"tables": [`;
  let separator = '\n';
  for (const table of tables) {
    yield separator;
    yield* writeTable(table);
    separator = ',\n';
  }
  yield '\n]\n}\n';
}

function* writeTable({ name, columns, rows }: ReportTable): Generator<string> {
  yield `{"name": ${JSON.stringify(name)}, "columns": ${JSON.stringify(columns)}, "rows": [`;
  let separator = '\n';
  for (const row of rows) {
    yield `${separator}${JSON.stringify(row satisfies readonly ReportValue[])}`;
    separator = ',\n';
  }
  yield ']}';
}
