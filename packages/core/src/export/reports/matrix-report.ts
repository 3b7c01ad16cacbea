import type { HostMatrix, MatrixColumn } from '../../matrix/host-matrix.ts';
import { outcomeOf, type Report, type ReportTable, type ReportValue } from '../report.ts';
import { originFacts, originRemarks, originTable, type ReportOrigin } from './report-origin.ts';

/** Which rows and columns of a matrix are told; absent: all. */
export interface MatrixSelection {
  readonly models?: readonly string[] | undefined;
  /** Names or aliases. */
  readonly machines?: readonly string[] | undefined;
}

/** One host with its matrix, computed when its table is written. */
export interface MatrixOfHost {
  readonly name: string;
  readonly compute: () => HostMatrix;
}

/** Models × machine types, a table for each host. */
export function reportMatrices(
  hosts: readonly MatrixOfHost[],
  origin: ReportOrigin,
  selection: MatrixSelection = {},
): Report {
  const names = hosts.map(({ name }) => name).join(', ');
  return {
    title: `CPU models × machine types of ${names.length > 120 ? `${hosts.length} hosts` : names}`,
    facts: originFacts(origin),
    tables: [...hosts.map((host) => matrixTable(host, selection)), originTable(origin)],
    remarks: originRemarks(origin),
  };
}

function matrixTable({ name, compute }: MatrixOfHost, { models, machines }: MatrixSelection): ReportTable {
  const matrix = compute();
  const wanted = models === undefined ? null : new Set(models);
  const places = matrix.columns.flatMap((column, at) => (isWanted(column, machines) ? [at] : []));
  return {
    name,
    columns: [
      { key: 'vendor', head: 'Vendor', kind: 'text' },
      { key: 'family', head: 'Family', kind: 'text' },
      { key: 'model', head: 'Model', kind: 'text' },
      { key: 'deprecated', head: 'Deprecated', kind: 'flag' },
      ...places.map((at) => {
        const head = headOf(matrix.columns[at], machines);
        return { key: `machine:${matrix.columns[at].machines[0]}`, head, kind: 'outcome' as const };
      }),
    ],
    rows: {
      *[Symbol.iterator](): Generator<readonly ReportValue[]> {
        for (const [m, model] of matrix.models.entries()) {
          if (wanted !== null && !wanted.has(model.name)) continue;
          const first = m * matrix.columns.length;
          yield [
            ...[model.vendor, model.family, model.name, model.deprecated],
            ...places.map((at) => outcomeOf(matrix.status[first + at], matrix.filteredCount[first + at])),
          ];
        }
      },
    },
  };
}

function isWanted({ machines, aliases }: MatrixColumn, wanted: readonly string[] | undefined): boolean {
  return wanted === undefined || wanted.some((name) => machines.includes(name) || aliases.includes(name));
}

/** All machine types of a column, those that were asked for first. */
function headOf({ machines }: MatrixColumn, wanted: readonly string[] = []): string {
  return [...machines].sort((a, b) => Number(wanted.includes(b)) - Number(wanted.includes(a))).join(' ');
}
