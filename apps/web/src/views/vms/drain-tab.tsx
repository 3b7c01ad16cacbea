import { useQuery } from '@tanstack/react-query';
import type { VmsResult } from '@cpu-atlas/contract';
import { vmsQuery } from '../../api/queries.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Labelled } from '../../components/inputs.tsx';
import { CommandBox } from '../../inspector/command-box.tsx';
import '../../inspector/inspector.css';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { AnswerOf } from '../pools/answer.tsx';
import { HostNames } from '../pools/host-names.tsx';
import { ObstacleTable } from '../pools/move-pane.tsx';
import type { VmsQuestion } from './vms-view.tsx';

interface DrainTabProps {
  readonly answer: VmsResult;
  readonly question: VmsQuestion;
  readonly state: ViewState<'vms'>;
}

type Drain = NonNullable<VmsResult['drain']>;

/** Emptying a host: who goes where, who is stuck, on which bit, and the least that frees them. */
export function DrainTab({ answer, question, state }: DrainTabProps) {
  const change = useChange('vms');
  const homes = new Set(answer.groups.flatMap(({ home }) => home));
  const hosts = question.hosts.filter(({ id }) => homes.has(id));
  const chosen = question.hosts.some(({ id }) => id === state.drain) ? state.drain : '';
  const query = useQuery({
    ...vmsQuery({ ...question.body, drain: chosen }, question.stamp),
    enabled: chosen !== '',
  });
  return (
    <>
      <div className="page-toolbar">
        <Labelled label="Empty the host">
          {(id) => (
            <select
              id={id}
              className="select"
              value={chosen}
              onChange={(event) => change({ drain: event.target.value })}
            >
              <option value="">choose …</option>
              {hosts.map(({ id: host, name }) => (
                <option key={host} value={host}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Labelled>
      </div>
      {chosen === '' ? (
        <EmptyState title="Which host is to be emptied?">
          <p>Those with VMs of the list, or with others like theirs, are offered above.</p>
        </EmptyState>
      ) : (
        <AnswerOf query={query} what="where each VM of the host can go">
          {({ drain }) => (drain === null ? null : <Plan drain={drain} />)}
        </AnswerOf>
      )}
    </>
  );
}

function Plan({ drain: { host, moves, stuck } }: { readonly drain: Drain }) {
  const traps = moves.filter(({ isTrap }) => isTrap).length;
  return (
    <div className="page-scroll">
      <p className="pool-verdict">
        {stuck.length === 0 ? (
          <>
            <span className="glyph-runs">●</span>{' '}
            {moves.length === 0
              ? `No VM of the list runs on ${host.name}.`
              : `All ${moves.length} VMs can leave ${host.name}.`}
          </>
        ) : (
          <>
            <span className="glyph-refused">✕</span> {stuck.length} of {moves.length + stuck.length} VMs cannot leave{' '}
            {host.name}, or it is not known.
          </>
        )}
        {traps === 0 ? null : ` ${traps} of the moves ${traps === 1 ? 'is a trap' : 'are traps'}.`}
      </p>
      {stuck.map((one) => (
        <Stuck key={one.vm} stuck={one} />
      ))}
      {moves.length === 0 ? null : (
        <section className="page-section">
          <h2 className="page-section-title">
            Moves <span className="section-count">{moves.length}</span>
          </h2>
          <table className="sheet">
            <thead>
              <tr>
                <th scope="col">VM</th>
                <th scope="col">To</th>
                <th scope="col">Way back</th>
                <th scope="col">-cpu there</th>
              </tr>
            </thead>
            <tbody>
              {moves.map(({ vm, to, line, isTrap }, at) => (
                <tr key={`${vm} ${at}`}>
                  <th scope="row">{vm}</th>
                  <td>
                    <HostNames hosts={[to]} />
                  </td>
                  <td>
                    <span className={isTrap ? 'glyph-filtered' : 'glyph-runs'}>{isTrap ? '◐ trap' : '● open'}</span>
                  </td>
                  <td className="mono pool-wrap">{line}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}

function Stuck({ stuck: { vm, answer, nearest, obstacles, mask } }: { readonly stuck: Drain['stuck'][number] }) {
  return (
    <section className="page-section">
      <h2 className="page-section-title">
        <span className={answer === 'no' ? 'glyph-refused' : 'glyph-unknown'}>{answer === 'no' ? '✕' : '?'}</span> {vm}
      </h2>
      {nearest === null ? (
        <p>There is no other host.</p>
      ) : (
        <p>
          Nearest is <HostNames hosts={[nearest]} />:
        </p>
      )}
      <ObstacleTable obstacles={obstacles} />
      {mask === null ? (
        <p className="quiet">
          {answer === 'no' ? 'No mask of features frees it.' : 'What would free it is not known.'}
        </p>
      ) : (
        <>
          <p>
            Booted once more without <code>{mask.features.join(' ')}</code> it can go to <HostNames hosts={[mask.to]} />
            :
          </p>
          <CommandBox text={`-cpu ${mask.cpu}`} label="Copy the masked -cpu argument" />
        </>
      )}
    </section>
  );
}
