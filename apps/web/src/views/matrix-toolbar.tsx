import { IconButton, Toggle } from '../components/buttons.tsx';
import { ExportLink } from '../components/export-link.tsx';
import { SearchField } from '../components/inputs.tsx';
import { focusGrid } from '../grid/focus-grid.ts';
import type { Tally } from '../matrix/tally.ts';
import type { MatrixState, ViewState } from '../navigation/route.ts';
import type { ChangeMatrix } from '../navigation/use-route.ts';
import { Legend } from './matrix-legend.tsx';
import type { SearchReport } from './use-matrix-picture.ts';
import './matrix-toolbar.css';

interface MatrixToolbarProps {
  readonly state: MatrixState;
  readonly change: ChangeMatrix;
  readonly search: SearchReport;
  /** Outcomes of the cells on the screen. */
  readonly tally: Tally;
  /** The same selection as a report. */
  readonly report: Partial<ViewState<'reports'>>;
}

/** Search and switches of the matrix, and the legend, which counts what is on the screen. */
export function MatrixToolbar({ state, change, search, tally, report }: MatrixToolbarProps) {
  const isFolded = state.folded.includes('*');
  return (
    <div className="toolbar" role="toolbar" aria-label="Matrix">
      <SearchField
        label="Search models and features"
        placeholder="Model or feature"
        value={state.search}
        onChange={(text) => change({ search: text }, 'replace')}
        onLeave={focusGrid}
      />
      <SearchSays search={search} onPick={(feature) => change({ search: feature }, 'replace')} />
      <Toggle isOn={state.onlyDiffering} onToggle={(onlyDiffering) => change({ onlyDiffering })} title="d">
        {state.isTransposed ? 'Only columns that differ' : 'Only rows that differ'}
      </Toggle>
      <Toggle isOn={state.showDeprecated} onToggle={(showDeprecated) => change({ showDeprecated })}>
        Show deprecated
      </Toggle>
      <IconButton
        icon={isFolded ? 'unfold' : 'fold'}
        label={isFolded ? 'Unfold all families' : 'Fold all families'}
        onPress={() => change({ folded: isFolded ? [] : ['*'] })}
      />
      <IconButton
        icon="transpose"
        label="Transpose (t)"
        isOn={state.isTransposed}
        onPress={() => change({ isTransposed: !state.isTransposed })}
      />
      <IconButton
        icon="rows"
        label="Comfortable rows"
        isOn={state.density === 'comfortable'}
        onPress={() => change({ density: state.density === 'compact' ? 'comfortable' : 'compact' })}
      />
      <ExportLink report={report} />
      <Legend tally={tally} />
    </div>
  );
}

function SearchSays({ search, onPick }: { readonly search: SearchReport; readonly onPick: (feature: string) => void }) {
  if (search.feature !== null) {
    return (
      <p className="toolbar-says" role="status">
        <span className="mono">{search.feature}</span> is filtered in {search.cells}{' '}
        {search.cells === 1 ? 'cell' : 'cells'}
      </p>
    );
  }
  if (search.suggestions.length === 0) return null;
  return (
    <p className="toolbar-says">
      Feature{' '}
      {search.suggestions.map((feature) => (
        <button key={feature} type="button" className="toolbar-feature mono" onClick={() => onPick(feature)}>
          {feature}
        </button>
      ))}
    </p>
  );
}
