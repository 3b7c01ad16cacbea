import excel from 'exceljs';

/** A workbook as it is read back: sheets, what stays in sight, and each cell with its colour. */
export async function describeWorkbook(bytes: Buffer): Promise<string> {
  const workbook = new excel.Workbook();
  await workbook.xlsx.load(new Uint8Array(bytes).buffer);
  const lines = workbook.worksheets.flatMap((sheet) => {
    const [view] = sheet.views;
    const frozen = view?.state === 'frozen' ? `frozen ${view.xSplit ?? 0} × ${view.ySplit ?? 0}` : 'not frozen';
    const rows: string[] = [];
    sheet.eachRow((row) => {
      const cells: string[] = [];
      row.eachCell({ includeEmpty: true }, (cell) => cells.push(describeCell(cell)));
      rows.push(cells.join('\t'));
    });
    return [`== ${sheet.name}, ${frozen}`, ...rows];
  });
  return `${lines.join('\n')}\n`;
}

function describeCell({ value, fill, numFmt }: excel.Cell): string {
  const colour = fill?.type === 'pattern' && fill.pattern === 'solid' ? (fill.fgColor?.argb ?? '') : '';
  const text = value instanceof Date ? value.toISOString() : value === null ? '' : JSON.stringify(value);
  const shown = numFmt !== undefined && numFmt !== 'General' ? ` as ${numFmt}` : '';
  return `${text}${shown}${colour === '' ? '' : ` [${colour}]`}`;
}

/** What of a PDF of Chromium can be read without a reader of PDF. */
export function describePdf(bytes: Buffer): {
  readonly pages: number;
  /** In points. */
  readonly width: number;
  readonly height: number;
  readonly title: string;
} {
  const text = bytes.toString('latin1');
  const [, width = '0', height = '0'] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(text) ?? [];
  const [, hex = ''] = /\/Title <FEFF([0-9A-F]*)>/.exec(text) ?? [];
  return {
    pages: text.match(/\/Type \/Page\b(?!s)/g)?.length ?? 0,
    ...{ width: Number(width), height: Number(height) },
    title: Buffer.from(hex, 'hex').swap16().toString('utf16le'),
  };
}
