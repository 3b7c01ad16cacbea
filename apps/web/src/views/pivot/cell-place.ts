import type { Cube } from '@cpu-atlas/core';
import type { Cursor } from '../../grid/cursor.ts';
import type { ViewState } from '../../navigation/route.ts';
import type { PivotPicture } from './pivot-picture.ts';
import type { PivotAxisName } from './pivot-fields.ts';

/** The one launch behind a cell, as far as the cell names one; null: several, or none. */
export interface CellPlace {
  readonly model: string | null;
  readonly machine: string | null;
  /** One that speaks for all equal ones. */
  readonly host: string | null;
  readonly hosts: readonly string[];
  readonly isSilent: boolean;
}

export function placeOf(
  cube: Cube,
  picture: PivotPicture,
  { row, column }: Cursor,
  state: ViewState<'pivot'>,
): CellPlace {
  const members = (axis: PivotAxisName): readonly string[] => {
    if (picture.rowAxis === axis) return picture.rows[row]?.members ?? [];
    if (picture.columnAxis === axis) return picture.columns[column]?.members ?? [];
    const fixed = axis === 'feature' ? '' : state[axis];
    return fixed === '' ? [] : [fixed];
  };
  const isFamily = picture.rows[row]?.kind === 'family' || picture.columns[column]?.kind === 'family';
  const models = members('model');
  const hosts = members('host');
  const [host] = hosts;
  const freshness = host === undefined ? 0 : (cube.hosts.freshness[cube.hosts.ids.indexOf(host)] ?? 0);
  return {
    model: isFamily || models.length !== 1 ? null : (models[0] ?? null),
    // Equal machine types: any of them speaks for all.
    machine: picture.rowAxis === 'feature' ? null : (members('machine')[0] ?? null),
    host: host ?? null,
    hosts,
    isSilent: host !== undefined && freshness !== 0,
  };
}
