import { IconButton, Toggle } from '../components/buttons.tsx';
import { Icon } from '../components/icons.tsx';
import { focusGrid } from '../grid/focus-grid.ts';
import type { Tally } from '../matrix/tally.ts';
import type { MatrixState } from '../navigation/route.ts';
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
}

const searchId = 'matrix-search';

export function focusSearch(): void {
  const input = document.getElementById(searchId);
  if (input instanceof HTMLInputElement) {
    input.focus();
    input.select();
  }
}

/** Search and switches of the matrix, and the legend, which counts what is on the screen. */
export function MatrixToolbar({ state, change, search, tally }: MatrixToolbarProps) {
  const isFolded = state.folded.includes('*');
  return (
    <div className="toolbar" role="toolbar" aria-label="Matrix">
      <label className="toolbar-search">
        <Icon name="search" />
        <input
          id={searchId}
          type="text"
          aria-label="Search models and features"
          placeholder="Search models and features"
          spellCheck={false}
          autoComplete="off"
          value={state.search}
          onChange={(event) => change({ search: event.target.value }, 'replace')}
          onKeyDown={(event) => {
            if (event.key === 'Enter' || event.key === 'ArrowDown') focusGrid();
            else if (event.key !== 'Escape') return;
            else if (state.search === '') event.currentTarget.blur();
            else change({ search: '' }, 'replace');
            event.preventDefault();
          }}
        />
        {state.search === '' ? (
          <kbd>/</kbd>
        ) : (
          <IconButton icon="close" label="Empty the search" onPress={() => change({ search: '' })} />
        )}
      </label>
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
