/** A cell: text, or text with the colour that goes around it. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

/** Rows as aligned columns, two spaces between them; the last column is not padded. */
export function formatTable(rows: readonly (readonly Cell[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, textOf(cell).length)));
  return rows.map((row) => `${formatRow(row, widths)}\n`).join('');
}

function formatRow(row: readonly Cell[], widths: readonly number[]): string {
  const cells = row.map((cell, at) => {
    const text = textOf(cell);
    const padding = at === row.length - 1 ? '' : ' '.repeat((widths[at] ?? 0) - text.length);
    return `${typeof cell === 'string' ? text : cell.paint(text)}${padding}`;
  });
  return cells.join('  ').trimEnd();
}

function textOf(cell: Cell): string {
  return printable(typeof cell === 'string' ? cell : cell.text);
}

/** Names and reasons come from files of others: control characters must not reach the terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001F\u007F-\u009F]/g, '\uFFFD');
}
