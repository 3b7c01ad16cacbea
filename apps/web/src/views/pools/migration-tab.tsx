import { useMemo, useState } from 'react';
import { faultOf } from '../../api/fault.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Grid } from '../../grid/grid.tsx';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { MoveGraphPicture } from './move-graph-picture.tsx';
import { buildMoveGrid } from './move-grid.ts';
import { PrintedMatrix } from '../printed-matrix.tsx';
import { MoveLegend, moveWords } from './move-legend.tsx';
import { MovePane } from './move-pane.tsx';
import type { PlanInput } from './plan-input.ts';
import { foldClasses } from './select-hosts.ts';
import { useMoves } from './use-moves.ts';

interface MigrationTabProps {
  readonly input: PlanInput;
  readonly machine: string;
  readonly state: ViewState<'pools'>;
}

/** More make an answer that is too large to be sent, and a matrix that nobody reads. */
const mostClasses = 100;

/** Which host can take over a VM from which other, and where that is a trap. */
export function MigrationTab({ input, machine, state }: MigrationTabProps) {
  const change = useChange('pools');
  const folds = useMemo(() => foldClasses(input.hosts), [input.hosts]);
  const isFew = folds.length <= mostClasses;
  const { moves, unread, done, isGrowing, error, retry } = useMoves({
    ...{ input, folds, machine },
    cpu: state.cpu,
    isAsked: isFew,
  });
  const grid = useMemo(() => buildMoveGrid(folds, moves), [folds, moves]);
  const row = grid.rows.findIndex(({ key }) => key === state.from);
  const column = grid.columns.findIndex(({ key }) => key === state.to);
  const isChosen = row >= 0 && column >= 0;
  if (!isFew) return <TooMany count={folds.length} />;
  const [problem] = unread;
  return (
    <>
      <div className="page-toolbar">
        <CpuField cpu={state.cpu} onChange={(cpu) => change({ cpu, from: '', to: '' })} />
        <Segmented
          label="Show"
          choices={[
            { value: 'matrix', label: 'matrix' },
            { value: 'graph', label: 'graph' },
          ]}
          chosen={state.picture}
          onChoose={(picture) => change({ picture })}
        />
        <MoveLegend moves={moves} />
        {isGrowing && error === null ? (
          <p className="page-toolbar-end quiet" role="status">
            {done} of {folds.length} kinds of host computed
          </p>
        ) : null}
      </div>
      {error === null ? null : <FaultNotice fault={faultOf(error)} onRetry={retry} />}
      {problem !== undefined && moves.size === 0 ? (
        <EmptyState title="This VM cannot be read">
          <p>{problem.reason}</p>
        </EmptyState>
      ) : (
        <div className="page-split">
          <div className="pool-moves">
            {state.picture === 'graph' ? (
              <MoveGraphPicture folds={folds} moves={moves} isGrowing={isGrowing} />
            ) : (
              <Grid
                label={`Moves of a VM with -cpu ${state.cpu} on ${machine}, from host to host`}
                model={grid}
                density="compact"
                chosen={isChosen ? { row, column } : null}
                onChoose={(place) =>
                  change(
                    { from: grid.rows[place.row]?.key ?? '', to: grid.columns[place.column]?.key ?? '' },
                    isChosen ? 'replace' : 'push',
                  )
                }
                onToggleFold={() => undefined}
                readout={`${input.hosts.length} hosts of ${folds.length} kinds, ${machine}`}
              />
            )}
          </div>
          {isChosen && state.picture === 'matrix' ? (
            <MovePane folds={folds} moves={moves} from={state.from} to={state.to} cpu={state.cpu} />
          ) : null}
        </div>
      )}
      {state.picture === 'graph' ? null : (
        <PrintedMatrix
          caption={`Moves of a VM with -cpu ${state.cpu} on ${machine}, from host (row) to host (column).`}
          model={grid}
          words={moveWords}
        />
      )}
    </>
  );
}

/** The `-cpu` argument of the VM; it takes effect on Enter, or when one leaves the field. */
function CpuField({ cpu, onChange }: { readonly cpu: string; readonly onChange: (cpu: string) => void }) {
  const [text, setText] = useState(cpu);
  const [known, setKnown] = useState(cpu);
  if (known !== cpu) {
    setKnown(cpu);
    setText(cpu);
  }
  const commit = () => {
    if (text.trim() !== '' && text.trim() !== cpu) onChange(text.trim());
  };
  return (
    <form
      className="pool-inline"
      onSubmit={(event) => {
        event.preventDefault();
        commit();
      }}
    >
      <label className="pool-inline">
        -cpu
        <input
          className="text-input mono pool-cpu"
          value={text}
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
          onBlur={commit}
        />
      </label>
    </form>
  );
}

function TooMany({ count }: { readonly count: number }) {
  const change = useChange('pools');
  return (
    <EmptyState
      title={`${count} kinds of host are too many for one matrix`}
      action={
        <button type="button" className="button" onClick={() => change({ tab: 'hosts' })}>
          Choose fewer hosts
        </button>
      }
    >
      <p>
        Moves are computed for up to {mostClasses} kinds at once. Choose the hosts of one pool: the partition tells
        which belong together.
      </p>
    </EmptyState>
  );
}
