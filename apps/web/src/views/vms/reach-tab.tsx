import type { HostSummary, VmsResult } from '@cpu-atlas/contract';
import { useDeferredValue, useMemo } from 'react';
import { IconButton } from '../../components/buttons.tsx';
import { SearchField } from '../../components/inputs.tsx';
import { Grid } from '../../grid/grid.tsx';
import { CommandBox } from '../../inspector/command-box.tsx';
import '../../inspector/inspector.css';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { describeMove } from '../pools/move-grid.ts';
import { MoveLegend, moveWords } from '../pools/move-legend.tsx';
import { ObstacleTable } from '../pools/move-pane.tsx';
import type { Move } from '../pools/moves.ts';
import { PrintedMatrix } from '../printed-matrix.tsx';
import { drawReach } from './reach-grid.ts';
import type { HostColumn, ReachPicture, VmRow } from './reach-grid.ts';

interface ReachTabProps {
  readonly answer: VmsResult;
  readonly hosts: readonly HostSummary[];
  readonly state: ViewState<'vms'>;
}

/** VMs × hosts on the grid, with the chosen move explained. */
export function ReachTab({ answer, hosts, state }: ReachTabProps) {
  const change = useChange('vms');
  const search = useDeferredValue(state.search);
  const picture = useMemo(() => drawReach(answer, hosts, search), [answer, hosts, search]);
  const row = picture.rows.findIndex(({ key }) => key === state.vm);
  const column = picture.columns.findIndex(({ ids }) => ids.includes(state.host));
  const [vm, host] = [picture.rows[row], picture.columns[column]];
  const isChosen = vm !== undefined && host !== undefined;
  return (
    <>
      <div className="page-toolbar">
        <SearchField
          label="Search VMs"
          placeholder="Name, -cpu, machine type"
          value={state.search}
          onChange={(text) => change({ search: text }, 'replace')}
        />
        <MoveLegend moves={movesOf(picture)} />
      </div>
      <div className="page-split">
        <div className="pool-moves">
          <Grid
            label="Where each VM can go"
            model={picture.grid}
            density="compact"
            chosen={isChosen ? { row, column } : null}
            onChoose={(place) =>
              change(
                { vm: picture.rows[place.row]?.key ?? '', host: picture.columns[place.column]?.key ?? '' },
                isChosen ? 'replace' : 'push',
              )
            }
            onToggleFold={() => undefined}
            readout={`${picture.rows.length} kinds of VM, ${picture.columns.length} kinds of host`}
          />
          {picture.rows.length === 0 ? (
            <p className="pool-waiting" role="status">
              No VM fits the search.
            </p>
          ) : null}
        </div>
        {isChosen ? (
          <ReachPane
            vm={vm}
            host={host}
            move={picture.moveAt(row, column)}
            onClose={() => change({ vm: '', host: '' })}
          />
        ) : null}
      </div>
      <PrintedMatrix
        caption={`Where each VM can go: ${picture.rows.length} kinds of VM, ${picture.columns.length} kinds of host.`}
        model={picture.grid}
        words={moveWords}
      />
    </>
  );
}

function movesOf({ rows, columns, moveAt }: ReachPicture): ReadonlyMap<string, ReadonlyMap<string, Move>> {
  return new Map(
    rows.map(({ key }, row) => [key, new Map(columns.map((column, at) => [column.key, moveAt(row, at)]))]),
  );
}

interface ReachPaneProps {
  readonly vm: VmRow;
  readonly host: HostColumn;
  readonly move: Move;
  readonly onClose: () => void;
}

function ReachPane({ vm: { group }, host, move, onClose }: ReachPaneProps) {
  const [name = ''] = group.vms;
  return (
    <aside className="page-side pool-pane" aria-label={`The move of ${name} to ${host.name}`}>
      <header className="pool-card-head">
        <h2 className="page-section-title">
          {name} → {host.name}
        </h2>
        <IconButton icon="close" label="Close" onPress={onClose} />
      </header>
      {group.vms.length === 1 ? null : (
        <p className="quiet">and {group.vms.length === 2 ? '1 VM' : `${group.vms.length - 1} VMs`} alike</p>
      )}
      <p className="quiet">
        <code>
          {group.machine}, -cpu {group.cpu}
        </code>
      </p>
      <section className="page-section">
        <p className="pool-verdict">{describeMove(move)}</p>
        {move.line === null ? null : (
          <CommandBox text={`-cpu ${move.line}`} label="Copy the -cpu argument for the other side" />
        )}
        <ObstacleTable obstacles={move.obstacles} />
      </section>
    </aside>
  );
}
