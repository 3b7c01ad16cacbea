import type { Cube } from '@cpu-atlas/core';
import { useMemo } from 'react';
import { faultOf } from '../../api/fault.ts';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { Shell } from '../../components/shell.tsx';
import { Splitter } from '../../components/splitter.tsx';
import { focusSearchField } from '../../components/inputs.tsx';
import { useKeys } from '../../components/use-keys.ts';
import type { Cursor } from '../../grid/cursor.ts';
import { focusGrid } from '../../grid/focus-grid.ts';
import { Grid } from '../../grid/grid.tsx';
import type { GridModel } from '../../grid/grid-model.ts';
import { clampPaneWidth } from '../../navigation/matrix-fields.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import type { ChangeState } from '../../navigation/use-route.ts';
import { MatrixSkeleton } from '../matrix-skeleton.tsx';
import { PrintedMatrix } from '../printed-matrix.tsx';
import { FirstRun } from '../first-run/first-run.tsx';
import { findMembers } from './find-members.ts';
import { PivotBanners } from './pivot-banners.tsx';
import { PivotPane } from './pivot-pane.tsx';
import { PivotPanel } from './pivot-panel.tsx';
import { PivotToolbar } from './pivot-toolbar.tsx';
import { layPivot } from './lay-pivot.ts';
import type { PivotChoice } from './lay-pivot.ts';
import { buildPivotGrid } from './pivot-grid.ts';
import { drawPivot, tallyPicture } from './pivot-picture.ts';
import type { PivotPicture } from './pivot-picture.ts';
import { useCube } from './use-cube.ts';
import '../matrix-screen.css';

/** Any two of model, machine type, host and feature as axes, over the whole fleet. */
export function PivotView({ state }: { readonly state: ViewState<'pivot'> }) {
  const change = useChange('pivot');
  const { cube, error, isSuperseded, retry } = useCube(state);
  const panel = <PivotPanel cube={cube ?? null} state={state} change={change} />;
  if (cube !== undefined && cube.hosts.ids.length === 0 && state.at === '') {
    return (
      <Shell title="Fleet matrix" panel={panel} commands={[]}>
        <FirstRun missing="host" onRetry={retry} />
      </Shell>
    );
  }
  if (cube !== undefined) {
    return <LoadedPivot {...{ cube, state, change, panel, isSuperseded }} />;
  }
  return (
    <Shell title="Fleet matrix" panel={panel} commands={[]}>
      {error === null ? (
        <MatrixSkeleton what="matrix of the fleet" />
      ) : (
        <FaultNotice fault={faultOf(error)} onRetry={retry}>
          <button type="button" className="button" onClick={() => change({ catalog: 'own', at: '', irqchip: '' })}>
            Each host with its own QEMU, now
          </button>
        </FaultNotice>
      )}
    </Shell>
  );
}

interface LoadedPivotProps {
  readonly cube: Cube;
  readonly state: ViewState<'pivot'>;
  readonly change: ChangeState<'pivot'>;
  readonly panel: React.ReactNode;
  readonly isSuperseded: boolean;
}

function LoadedPivot({ cube, state, change, panel, isSuperseded }: LoadedPivotProps) {
  const { rows, columns, machine, model, host, folded, unfolded, showDeprecated, onlyDiffering, search } = state;
  const choice = useMemo(
    (): Omit<PivotChoice, 'found'> => ({
      ...{ rows, columns, showDeprecated, onlyDiffering },
      fixed: { machine, model, host },
      machine: rows === 'machine' || columns === 'machine' ? '' : machine,
      folded: new Set(folded),
      unfolded: new Set(unfolded),
    }),
    [rows, columns, showDeprecated, onlyDiffering, machine, model, host, folded, unfolded],
  );
  // A keystroke in the search only chooses among rows: what they count is laid out before.
  const laid = useMemo(() => layPivot(cube, { ...choice, found: null }), [cube, choice]);
  const found = useMemo(() => findMembers(cube, rows, search), [cube, rows, search]);
  const picture = useMemo(() => drawPivot(cube, { ...choice, found }, laid), [cube, choice, found, laid]);
  const grid = useMemo(() => buildPivotGrid(picture), [picture]);
  const tally = useMemo(() => tallyPicture(picture), [picture]);
  const chosen = findPlace(picture, state);
  useKeys({
    '/': focusSearchField,
    t: () => (rows === 'feature' ? undefined : change({ rows: picture.columnAxis, columns: toColumns(rows) })),
    d: () => change({ onlyDiffering: !onlyDiffering }),
    Escape: () => {
      change(state.row === '' ? { search: '' } : { row: '', column: '' });
      focusGrid();
    },
  });
  return (
    <Shell title="Fleet matrix" panel={panel} commands={[]}>
      <PivotBanners cube={cube} state={state} change={change} />
      <PivotToolbar state={state} change={change} tally={tally} picture={picture} />
      <div className="matrix-split">
        <div className="matrix-area" data-superseded={isSuperseded ? '' : undefined}>
          <Grid
            label={`${grid.corner.row} by ${grid.corner.column}, ${state.accel}, ${cube.hosts.ids.length} hosts`}
            model={grid}
            density={state.density}
            chosen={chosen}
            onChoose={(place) => {
              const target = nameCell(picture, place);
              if (target !== null) change(target, state.row === '' ? 'push' : 'replace');
            }}
            onToggleFold={(axis, index) => change(toggleFold(picture, state, axis, index), 'replace')}
            readout={describeExtent(cube)}
          />
          {picture.rows.length === 0 || picture.columns.length === 0 ? (
            <div className="matrix-nothing" role="status">
              <p>Nothing fits the search and the switches.</p>
              <button
                type="button"
                className="button"
                onClick={() => change({ search: '', onlyDiffering: false, showDeprecated: true })}
              >
                Show everything
              </button>
            </div>
          ) : null}
        </div>
        {state.row === '' || chosen === null ? null : (
          <>
            <Splitter
              label="Width of the explanation"
              width={state.paneWidth}
              onResize={(width) => change({ paneWidth: clampPaneWidth(width) }, 'replace')}
            />
            <PivotPane cube={cube} picture={picture} place={chosen} state={state} change={change} />
          </>
        )}
      </div>
      <PrintedMatrix caption={writeCaption(cube, state, grid)} model={grid} />
    </Shell>
  );
}

/** The front panel on paper. */
function writeCaption(cube: Cube, state: ViewState<'pivot'>, { corner }: GridModel): string {
  const isAxis = (axis: string) => axis === corner.row || axis === corner.column;
  const fixed = [
    isAxis('machine type') || state.machine === '' ? '' : `machine type ${state.machine}`,
    isAxis('model') || state.model === '' ? '' : `model ${state.model}`,
    isAxis('host') || state.host === '' ? '' : `host ${state.host}`,
    state.irqchip === '' ? '' : `kernel-irqchip=${state.irqchip}`,
    state.search === '' ? '' : `search “${state.search}”`,
    state.onlyDiffering ? 'only what differs' : '',
    state.at === '' ? '' : `as of ${state.at}`,
  ].filter((part) => part !== '');
  return (
    [`${corner.row} by ${corner.column}`, describeExtent(cube), `accelerator ${state.accel}`, ...fixed].join('; ') + '.'
  );
}

function toColumns(axis: ViewState<'pivot'>['rows']): ViewState<'pivot'>['columns'] {
  return axis === 'feature' ? 'host' : axis;
}

function findPlace(picture: PivotPicture, { row, column }: ViewState<'pivot'>): Cursor | null {
  const at = findEntry(picture.rows, row);
  const columnAt = findEntry(picture.columns, column);
  return at < 0 || columnAt < 0 ? null : { row: at, column: columnAt };
}

/** A family holds the names of its members: the line of the name itself comes first. */
function findEntry(entries: PivotPicture['rows'], key: string): number {
  const own = entries.findIndex((entry) => entry.key === key);
  return own >= 0 ? own : entries.findIndex(({ members }) => members.includes(key));
}

function nameCell(
  picture: PivotPicture,
  { row, column }: Cursor,
): { readonly row: string; readonly column: string } | null {
  const [rowEntry, columnEntry] = [picture.rows[row], picture.columns[column]];
  return rowEntry === undefined || columnEntry === undefined ? null : { row: rowEntry.key, column: columnEntry.key };
}

function toggleFold(
  picture: PivotPicture,
  state: ViewState<'pivot'>,
  axis: 'row' | 'column',
  index: number,
): Partial<ViewState<'pivot'>> {
  const entries = axis === 'row' ? picture.rows : picture.columns;
  const entry = entries[index];
  if (entry === undefined) return {};
  if (entry.kind === 'family') {
    const all = state.folded.includes('*')
      ? entries.filter(({ kind }) => kind === 'family').map(({ label }) => label)
      : state.folded;
    const isFolded = entry.fold === 'closed';
    return { folded: isFolded ? all.filter((label) => label !== entry.label) : [...all, entry.label] };
  }
  if (entry.fold === 'closed') return { unfolded: [...state.unfolded, entry.members[0] ?? entry.key] };
  const siblings = new Set(
    entries.filter(({ items }) => items[0] === entry.items[0]).flatMap(({ members }) => members),
  );
  return { unfolded: state.unfolded.filter((member) => !siblings.has(member)) };
}

function describeExtent({ hosts, fingerprints, sheets }: Cube): string {
  const kinds = fingerprints.length === 1 ? '1 kind' : `${fingerprints.length} kinds`;
  const qemus = [...new Set(sheets.map(({ qemu }) => qemu.runsAs ?? qemu.version))].join(', ');
  return `${hosts.ids.length} hosts of ${kinds}${qemus === '' ? '' : `, QEMU ${qemus}`}`;
}
