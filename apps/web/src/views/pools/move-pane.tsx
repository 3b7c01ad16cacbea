import type { VmsResult } from '@cpu-atlas/contract';
import { IconButton } from '../../components/buttons.tsx';
import { CommandBox } from '../../inspector/command-box.tsx';
import '../../inspector/inspector.css';
import { useChange } from '../../navigation/use-route.ts';
import { describeMove } from './move-grid.ts';
import { findMove, mostObstacles } from './moves.ts';
import type { Move, Moves } from './moves.ts';
import { nameFold } from './select-hosts.ts';
import type { HostFold } from './select-hosts.ts';

interface MovePaneProps {
  readonly folds: readonly HostFold[];
  readonly moves: Moves;
  readonly from: string;
  readonly to: string;
  readonly cpu: string;
}

/** One move explained: there, what is in the way, and the way back. */
export function MovePane({ folds, moves, from, to, cpu }: MovePaneProps) {
  const change = useChange('pools');
  const nameOf = (key: string): string => {
    const fold = folds.find((one) => one.key === key);
    return fold === undefined ? key : nameFold(fold);
  };
  const there = findMove(moves, from, to);
  const back = findMove(moves, to, from);
  return (
    <aside className="page-side pool-pane" aria-label={`The move from ${nameOf(from)} to ${nameOf(to)}`}>
      <header className="pool-card-head">
        <h2 className="page-section-title">
          {nameOf(from)} → {nameOf(to)}
        </h2>
        <IconButton icon="close" label="Close" onPress={() => change({ from: '', to: '' })} />
      </header>
      <p className="quiet">
        A VM that booted at the left with <code>-cpu {cpu}</code>
      </p>
      <Way title="There" move={there} />
      <Way title="Back, when it booted at the right" move={back} />
    </aside>
  );
}

function Way({ title, move }: { readonly title: string; readonly move: Move | null }) {
  return (
    <section className="page-section">
      <h3 className="pool-caption">{title}</h3>
      {move === null ? (
        <p className="quiet">Not computed yet.</p>
      ) : (
        <>
          <p className="pool-verdict">{describeMove(move)}</p>
          {move.line === null ? null : (
            <>
              <CommandBox text={`-cpu ${move.line}`} label="Copy the -cpu argument for the other side" />
              <p className="quiet">
                {move.isOwnLine
                  ? 'The VM’s own argument gives the same CPU there.'
                  : 'The other side needs this argument: the VM’s own would give another CPU there.'}
              </p>
            </>
          )}
          <ObstacleTable obstacles={move.obstacles} />
        </>
      )}
    </section>
  );
}

/** What is in the way, by its bit. */
export function ObstacleTable({
  obstacles,
}: {
  readonly obstacles: VmsResult['groups'][number]['reach'][number]['obstacles'];
}) {
  if (obstacles.length === 0) return null;
  return (
    <>
      <table className="sheet pool-sheet">
        <tbody>
          {obstacles.map(({ answer, kind, name, bit, reason }) => (
            <tr key={`${kind} ${name} ${bit ?? ''} ${reason}`}>
              <th scope="row" className="mono">
                <span className={answer === 'no' ? 'glyph-refused' : 'glyph-unknown'} title={answer}>
                  {answer === 'no' ? '✕' : '?'}
                </span>{' '}
                {name}
              </th>
              <td>
                {kind === 'nested' ? <span className="chip">nested</span> : null} {reason}
                {bit === null || reason.includes(bit) ? null : <code> {bit}</code>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {obstacles.length < mostObstacles ? null : <p className="quiet">Only the first {mostObstacles} are listed.</p>}
    </>
  );
}
