import { useEffect, useMemo } from 'react';
import type { LoadedAtlas } from '../api/use-atlas.ts';
import { FaultNotice } from '../components/fault-notice.tsx';
import { focusSearchField } from '../components/inputs.tsx';
import { Shell } from '../components/shell.tsx';
import { Splitter } from '../components/splitter.tsx';
import { useKeys } from '../components/use-keys.ts';
import { focusGrid } from '../grid/focus-grid.ts';
import { Grid } from '../grid/grid.tsx';
import { buildMatrixGrid, tallyPicture } from '../matrix/matrix-grid.ts';
import { clampPaneWidth } from '../navigation/matrix-fields.ts';
import type { MatrixState } from '../navigation/route.ts';
import type { ChangeMatrix } from '../navigation/use-route.ts';
import { cellAt, findChosen, nameCell, reportOf, toggleColumn, toggleFamily } from './matrix-actions.ts';
import { listCommands } from './matrix-commands.ts';
import { MatrixBanners } from './matrix-banners.tsx';
import { MatrixPane } from './matrix-pane.tsx';
import { MatrixToolbar } from './matrix-toolbar.tsx';
import { FrontPanel } from './front-panel.tsx';
import { PrintedMatrix } from './printed-matrix.tsx';
import { useHostMatrix } from './use-host-matrix.ts';
import type { ComputedMatrix } from './use-host-matrix.ts';
import { useMatrixPicture } from './use-matrix-picture.ts';
import { writeCaption } from './write-caption.ts';
import './matrix-screen.css';

interface MatrixScreenProps {
  readonly atlas: LoadedAtlas;
  readonly state: MatrixState;
  readonly change: ChangeMatrix;
}

export function MatrixScreen({ atlas, state, change }: MatrixScreenProps) {
  const computed = useHostMatrix(atlas, state);
  usePinnedLink({ atlas, state, change });
  const panel = <FrontPanel atlas={atlas} state={state} change={change} />;
  if (computed.kind === 'fault') {
    return (
      <Shell title="Matrix" panel={panel} commands={[]}>
        <FaultNotice fault={computed.fault} />
      </Shell>
    );
  }
  return <ComputedScreen {...{ atlas, state, change, computed, panel }} />;
}

/** Puts into the address what was shown, so that the link shows the same cells elsewhere and later. */
function usePinnedLink({ atlas, state, change }: MatrixScreenProps): void {
  const { host, snapshotHash, catalogHash, isSuperseded } = atlas;
  useEffect(() => {
    if (isSuperseded || (state.host !== '' && state.snapshot !== '' && state.catalog !== '')) return;
    change({ host: host.id, snapshot: snapshotHash, catalog: catalogHash }, 'replace');
  }, [host.id, snapshotHash, catalogHash, isSuperseded, state.host, state.snapshot, state.catalog, change]);
}

interface ComputedScreenProps extends MatrixScreenProps {
  readonly computed: Extract<ComputedMatrix, { kind: 'computed' }>;
  readonly panel: React.ReactNode;
}

function ComputedScreen({ atlas, state, change, computed, panel }: ComputedScreenProps) {
  const { matrix } = computed;
  const { picture, search } = useMatrixPicture({ atlas, state, computed });
  const model = useMemo(() => buildMatrixGrid(picture), [picture]);
  const cell = useMemo(() => nameCell(atlas.catalog, state.cell), [atlas.catalog, state.cell]);
  const chosen = useMemo(() => findChosen(picture, cell), [picture, cell]);
  const commands = useMemo(() => listCommands({ atlas, matrix, state, change }), [atlas, matrix, state, change]);
  useKeys({
    '/': focusSearchField,
    t: () => change({ isTransposed: !state.isTransposed }),
    d: () => change({ onlyDiffering: !state.onlyDiffering }),
    Escape: () => {
      change(state.cell !== null ? { cell: null } : { search: '' });
      focusGrid();
    },
  });
  const machineTypes = matrix.columns.reduce((sum, { machines }) => sum + machines.length, 0);

  return (
    <Shell title="Matrix" panel={panel} commands={commands}>
      <MatrixBanners atlas={atlas} state={state} change={change} />
      <MatrixToolbar
        {...{ state, change, search, tally: tallyPicture(picture) }}
        report={reportOf(atlas, state, picture)}
      />
      <div className="matrix-split">
        <div className="matrix-area" data-superseded={atlas.isSuperseded ? '' : undefined}>
          <Grid
            label={`CPU models by machine type on ${atlas.host.name}, ${state.accel}`}
            model={model}
            density={state.density}
            chosen={chosen}
            onChoose={(place) => {
              const target = cellAt(picture, place);
              if (target !== null) change({ cell: target }, state.cell === null ? 'push' : 'replace');
            }}
            onToggleFold={(axis, index) => {
              if ((axis === 'row') === state.isTransposed) change(toggleColumn(picture, state, index), 'replace');
              else change(toggleFamily(picture, state, index), 'replace');
            }}
            readout={`${matrix.models.length} models × ${machineTypes} machine types in ${matrix.columns.length} groups of equal outcome`}
          />
          {model.rows.length === 0 || model.columns.length === 0 ? <NothingLeft state={state} change={change} /> : null}
        </div>
        {cell === null ? null : (
          <>
            <Splitter
              label="Width of the explanation"
              width={state.paneWidth}
              onResize={(width) => change({ paneWidth: clampPaneWidth(width) }, 'replace')}
            />
            <MatrixPane atlas={atlas} state={state} cell={cell} computed={computed} change={change} />
          </>
        )}
      </div>
      <PrintedMatrix caption={writeCaption(atlas, state)} model={model} />
    </Shell>
  );
}

/** The filters leave nothing: say which, and offer to drop them. */
function NothingLeft({ state, change }: Omit<MatrixScreenProps, 'atlas'>) {
  const search = state.search.trim();
  return (
    <div className="matrix-nothing" role="status">
      <p>
        {search === '' ? 'Nothing is left to show' : `No model and no feature is called “${search}”`}
        {state.onlyDiffering ? '; only what differs is shown' : ''}
        {state.showDeprecated ? '' : '; deprecated ones are hidden'}
        {state.machines === '' ? '' : `; only ${state.machines} is shown`}.
      </p>
      <button
        type="button"
        className="button"
        onClick={() => change({ search: '', machines: '', onlyDiffering: false, showDeprecated: true })}
      >
        Show everything
      </button>
    </div>
  );
}
