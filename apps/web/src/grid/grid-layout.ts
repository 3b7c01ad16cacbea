import { layOut } from './geometry.ts';
import type { AxisGeometry } from './geometry.ts';
import type { Density, GridHead, GridModel } from './grid-model.ts';

/** Fonts as the canvas wants them; the faces and sizes of tokens.css. */
export const fonts = {
  mono: '400 12px "IBM Plex Mono"',
  monoStrong: '500 12px "IBM Plex Mono"',
  sans: '400 12px "Inter Variable"',
  sansStrong: '600 12px "Inter Variable"',
} as const;

/** Where everything stands, in CSS pixels. */
export interface GridLayout {
  readonly rows: AxisGeometry;
  readonly columns: AxisGeometry;
  readonly rowHeight: number;
  readonly headWidth: number;
  readonly headHeight: number;
  readonly shareWidth: number;
}

/** Width of a text in CSS pixels. */
export type MeasureText = (text: string, font: string) => number;

export const gridSpace = {
  indent: 20,
  padding: 12,
  foldMark: 16,
  gap: 6,
  turnedColumn: 44,
  turnedFold: 12,
  cell: 52,
} as const;

const rowHeights = { compact: 24, comfortable: 32 } as const satisfies Record<Density, number>;
/** Words of turned heads that are longer are cut; the whole name is in the title. */
export const turnedLengthPx = 168;
const headWidthLimits = { least: 150, most: 300 };

export function layOutGrid(model: GridModel, density: Density, measure: MeasureText): GridLayout {
  const rowHeight = rowHeights[density];
  const headTexts = model.rows.map((head) => rowHeadWidth(head, measure));
  const cornerWidth = measure(model.corner.row, fonts.sans) + measure(model.corner.column, fonts.sans) + 40;
  const headWidth = Math.min(Math.max(headWidthLimits.least, cornerWidth, ...headTexts), headWidthLimits.most);
  const shares = model.rows.map((_, row) => measure(writeShare(model.share(row)), fonts.mono));
  const isTurned = model.columnHeads === 'turned';
  const turnedLength = isTurned
    ? Math.min(turnedLengthPx, Math.max(0, ...model.columns.map((head) => turnedHeadLength(head, measure))))
    : 0;
  return {
    rowHeight,
    rows: layOut(model.rows.length, () => rowHeight),
    columns: layOut(model.columns.length, (column) => {
      const head = model.columns[column];
      if (isTurned || head === undefined) return gridSpace.turnedColumn + (head?.isGroup === true ? 8 : 0);
      return Math.ceil(Math.max(gridSpace.cell, levelHeadWidth(head, measure)));
    }),
    headWidth: Math.ceil(headWidth),
    headHeight: isTurned ? Math.ceil(turnedLength) + 32 : 48,
    shareWidth: Math.ceil(Math.max(48, ...shares)) + gridSpace.padding * 2,
  };
}

export function writeShare({ runs, of }: ReturnType<GridModel['share']>): string {
  return `${runs}/${of}`;
}

/** How many a folded head stands for. */
export function writeCount({ fold, isGroup, count }: GridHead): string {
  if (isGroup) return String(count);
  return fold === 'closed' ? `×${count}` : '';
}

function rowHeadWidth(head: GridHead, measure: MeasureText): number {
  const indent = head.isNested ? gridSpace.indent : 0;
  const notes = [head.note, writeCount(head)].filter((text) => text !== '');
  const note = notes.reduce((sum, text) => sum + measure(text, fonts.sans) + gridSpace.gap, 0);
  const fold = head.fold === 'none' ? 0 : gridSpace.foldMark;
  const label = measure(head.label, head.isGroup ? fonts.sansStrong : fonts.mono);
  return gridSpace.padding * 2 + indent + fold + label + note;
}

function turnedHeadLength({ label, fold }: GridHead, measure: MeasureText): number {
  return measure(label, fonts.mono) + (fold === 'none' ? 0 : gridSpace.turnedFold);
}

function levelHeadWidth(head: GridHead, measure: MeasureText): number {
  const text = writeCount(head);
  const count = head.fold === 'none' ? 0 : gridSpace.foldMark + (text === '' ? 0 : measure(text, fonts.sans) + 2);
  return (
    gridSpace.padding * 2 + Math.max(measure(head.label, fonts.monoStrong) + count, measure(head.note, fonts.sans))
  );
}
