import { AtlasError } from '@cpu-atlas/core';
import type { PivotAxes, PivotAxis } from '@cpu-atlas/core';

/** Two axes of a pivot. @throws REQUEST_INVALID where they are one */
export function pivotAxes(rows: PivotAxis, columns: PivotAxis): PivotAxes {
  if (rows === 'model' && columns !== 'model') return { rows, columns };
  if (rows === 'machine' && columns !== 'machine') return { rows, columns };
  if (rows === 'host' && columns !== 'host') return { rows, columns };
  throw new AtlasError('REQUEST_INVALID', `${rows} cannot be both rows and columns`, {
    where: 'body: $.columns',
    remedy: 'choose two of model, machine, host',
  });
}
