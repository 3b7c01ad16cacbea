import { IconButton, Toggle } from '../../components/buttons.tsx';
import { ExportLink } from '../../components/export-link.tsx';
import { SearchField } from '../../components/inputs.tsx';
import type { Tally } from '../../matrix/tally.ts';
import type { ViewState } from '../../navigation/route.ts';
import type { ChangeState } from '../../navigation/use-route.ts';
import { Legend } from '../matrix-legend.tsx';
import type { PivotPicture } from './pivot-picture.ts';

interface PivotToolbarProps {
  readonly state: ViewState<'pivot'>;
  readonly change: ChangeState<'pivot'>;
  readonly tally: Tally;
  readonly picture: PivotPicture;
}

/** The same selection as a report; a search and the switches leave the rows that are in sight. */
export function reportOf(state: ViewState<'pivot'>, picture: PivotPicture): Partial<ViewState<'reports'>> {
  const { accel, irqchip, catalog, at, unfolded } = state;
  const rows = picture.rowAxis === 'feature' ? 'model' : picture.rowAxis;
  const columns = picture.columnAxis === 'feature' ? 'host' : picture.columnAxis;
  const inSight =
    state.search === '' && !state.onlyDiffering ? [] : [...new Set(picture.rows.flatMap(({ members }) => members))];
  const chosen = (axis: 'model' | 'machine' | 'host') => {
    if (axis === rows) return inSight;
    return axis === columns || state[axis] === '' ? [] : [state[axis]];
  };
  return {
    ...{ kind: 'pivot', accel, irqchip, at, rows, columns, isUnfolded: unfolded.length > 0 },
    catalog: catalog === 'own' ? '' : catalog,
    ...{ models: chosen('model'), machines: chosen('machine'), hosts: chosen('host') },
  };
}

const axisWords = { model: 'models', machine: 'machine types', host: 'hosts', feature: 'features' } as const;

/** Search and switches of the fleet's matrix, and the legend, which counts what is on the screen. */
export function PivotToolbar({ state, change, tally, picture }: PivotToolbarProps) {
  const isFolded = state.folded.includes('*');
  const hasFamilies = picture.rowAxis === 'model';
  return (
    <div className="toolbar" role="toolbar" aria-label="Fleet matrix">
      <SearchField
        label={`Search ${axisWords[picture.rowAxis]}`}
        value={state.search}
        onChange={(search) => change({ search }, 'replace')}
      />
      <Toggle isOn={state.onlyDiffering} onToggle={(onlyDiffering) => change({ onlyDiffering })} title="d">
        Only rows that differ
      </Toggle>
      <Toggle isOn={state.showDeprecated} onToggle={(showDeprecated) => change({ showDeprecated })}>
        Show deprecated
      </Toggle>
      {hasFamilies ? (
        <IconButton
          icon={isFolded ? 'unfold' : 'fold'}
          label={isFolded ? 'Unfold all families' : 'Fold all families'}
          onPress={() => change({ folded: isFolded ? [] : ['*'] })}
        />
      ) : null}
      {picture.rowAxis === 'feature' ? null : (
        <IconButton
          icon="transpose"
          label="Transpose (t)"
          onPress={() =>
            change({
              rows: picture.columnAxis,
              columns: picture.rowAxis === 'feature' ? 'host' : picture.rowAxis,
            })
          }
        />
      )}
      <IconButton
        icon="rows"
        label="Comfortable rows"
        isOn={state.density === 'comfortable'}
        onPress={() => change({ density: state.density === 'compact' ? 'comfortable' : 'compact' })}
      />
      {picture.rowAxis === 'feature' ? null : <ExportLink report={reportOf(state, picture)} />}
      <Legend tally={tally} />
    </div>
  );
}
