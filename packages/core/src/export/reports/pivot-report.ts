import { AtlasError } from '../../errors.ts';
import type { Cube } from '../../matrix/cube.ts';
import { cellStatus } from '../../matrix/outcome-table.ts';
import type { PivotItem, PivotSelection } from '../../matrix/pivot-axes.ts';
import { pivotCube, type CubePivot, type PivotAxes, type PivotAxis } from '../../matrix/pivot-cube.ts';
import { outcomeOf, type Report, type ReportTable, type ReportValue } from '../report.ts';
import { originFacts, originRemarks, originTable, type ReportOrigin } from './report-origin.ts';

/** What of the fleet is told, and how it is laid out. */
export type PivotReportRequest = PivotAxes & {
  readonly fixed?: PivotSelection | undefined;
  /** A table for each item of the third axis; else it is counted. */
  readonly isSplit: boolean;
  /** Hosts, and machine types, that come out the same share a row or column. */
  readonly isFolded: boolean;
};

/** More tables than a reader, or a spreadsheet, can take. */
const mostTables = 256;

const heads = { model: 'Model', machine: 'Machine types', host: 'Hosts' } as const satisfies Record<PivotAxis, string>;

/**
 * The fleet laid out along two axes; what cannot be told in one word is told in counts.
 * @throws REPORT_TOO_LARGE for more than 256 tables
 */
export function reportPivot(cube: Cube, request: PivotReportRequest, origin: ReportOrigin): Report {
  const { rows, columns, fixed = {}, isSplit } = request;
  const third = thirdAxis(request);
  const tables = isSplit
    ? splits(cube, request, third).map(({ name, fixed: one }) => pivotTable(cube, { ...request, fixed: one }, name))
    : [pivotTable(cube, { ...request, fixed }, `${heads[rows]} by ${heads[columns].toLowerCase()}`)];
  return {
    title: `${heads[rows]} × ${heads[columns].toLowerCase()}${isSplit ? ` for each of the ${third}s` : ''}`,
    facts: originFacts(origin),
    tables: [...tables, originTable(origin)],
    remarks: [
      ...(isSplit ? [] : [`A cell that is not the same for every ${third} tells how often each outcome occurs.`]),
      ...originRemarks(origin),
    ],
  };
}

function thirdAxis({ rows, columns }: PivotAxes): PivotAxis {
  return (['model', 'machine', 'host'] as const).find((axis) => axis !== rows && axis !== columns) ?? 'host';
}

function splits(cube: Cube, { fixed = {} }: PivotReportRequest, third: PivotAxis) {
  const axes: PivotAxes = third === 'machine' ? { rows: 'machine', columns: 'host' } : otherAxes(third);
  const items = pivotCube(cube, { ...axes, fixed }).rows;
  if (items.length > mostTables)
    throw new AtlasError('REPORT_TOO_LARGE', `one table for each ${third} would be ${items.length} tables`, {
      where: 'split',
      remedy: `choose at most ${mostTables}`,
    });
  return items.map(({ members }) => ({
    name: nameOf(cube, third, members),
    fixed: { ...fixed, [keyOf[third]]: members } satisfies PivotSelection,
  }));
}

const otherAxes = (rows: 'model' | 'host'): PivotAxes =>
  rows === 'model' ? { rows, columns: 'machine' } : { rows, columns: 'model' };

const keyOf = { model: 'models', machine: 'machines', host: 'hosts' } as const satisfies Record<
  PivotAxis,
  keyof PivotSelection
>;

/** A row or column of the table: one item of the pivot, or one member of it. */
interface Line {
  readonly at: number;
  readonly names: readonly string[];
  readonly key: string;
}

function pivotTable(cube: Cube, request: PivotReportRequest, name: string): ReportTable {
  const pivot = pivotCube(cube, request);
  const rows = linesOf(cube, request.rows, pivot.rows, request.isFolded);
  const columns = linesOf(cube, request.columns, pivot.columns, request.isFolded);
  return {
    name,
    columns: [
      { key: request.rows, head: heads[request.rows], kind: 'text' },
      ...columns.map(({ key, names }) => {
        return { key: `${request.columns}:${key}`, head: names.join(' '), kind: 'outcome' as const };
      }),
    ],
    rows: {
      *[Symbol.iterator](): Generator<readonly ReportValue[]> {
        for (const row of rows) {
          const first = row.at * pivot.columns.length;
          yield [row.names.join(' '), ...columns.map(({ at }) => cellOf(pivot, first + at))];
        }
      },
    },
  };
}

function linesOf(cube: Cube, axis: PivotAxis, items: readonly PivotItem[], isFolded: boolean): readonly Line[] {
  const named = (members: readonly string[], at: number): Line => ({
    at,
    key: members[0] ?? '',
    names: members.map((member) => (axis === 'host' ? hostName(cube, member) : member)),
  });
  return items.flatMap(({ members }, at) =>
    isFolded ? [named(members, at)] : members.map((member) => named([member], at)),
  );
}

function hostName({ hosts }: Cube, id: string): string {
  return hosts.names[hosts.ids.indexOf(id)] ?? id;
}

function nameOf(cube: Cube, axis: PivotAxis, members: readonly string[]): string {
  const [first = ''] = members.map((member) => (axis === 'host' ? hostName(cube, member) : member));
  return members.length > 1 ? `${first} and ${members.length - 1} alike` : first;
}

/** One outcome where there is but one; else counts: `3 runnable, 1 unknown`. */
function cellOf(pivot: CubePivot, at: number): ReportValue {
  const counts = cellStatus.map((status) => ({ status, count: countsOf(pivot)[status][at] }));
  const present = counts.filter(({ count }) => count > 0);
  if (present.length === 0) return null;
  const [only] = present;
  if (present.length === 1) return outcomeOf(cellStatus.indexOf(only.status), pivot.mostFiltered[at]);
  return present.map(({ status, count }) => `${count} ${status}`).join(', ');
}

const countsOf = ({ runnable, filtered, refused, unknown, notOffered }: CubePivot) => ({
  runnable,
  filtered,
  refused,
  unknown,
  'not-offered': notOffered,
});
