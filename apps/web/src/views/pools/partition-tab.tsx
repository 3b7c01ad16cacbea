import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDeferredValue, useMemo } from 'react';
import { planQuery } from '../../api/queries.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Banner } from '../../components/fault-notice.tsx';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { AnswerOf, countHosts } from './answer.tsx';
import { HostNames } from './host-names.tsx';
import { keyOfChoice, writeShare } from './pareto-points.ts';
import type { PoolChoiceDocument, PoolsAnswer } from './pareto-points.ts';
import { ParetoPlot } from './pareto-plot.tsx';
import { PartitionForm } from './partition-form.tsx';
import { writePartition } from './partition-request.ts';
import type { PlanInput } from './plan-input.ts';
import { PoolCards } from './pool-cards.tsx';

interface PartitionTabProps {
  readonly input: PlanInput;
  readonly state: ViewState<'pools'>;
}

/** Ways to split the hosts into pools, none of which beats another, with the reason of each cut. */
export function PartitionTab({ input, state }: PartitionTabProps) {
  const wishes = useDeferredValue(state);
  const body = useMemo(
    () => ({ kind: 'pools' as const, ...input.request, ...writePartition(wishes, input.hosts) }),
    [input, wishes],
  );
  const query = useQuery({ ...planQuery(body, input.stamp), placeholderData: keepPreviousData });
  return (
    <div className="page-split">
      <div className="pool-left">
        <PartitionForm hosts={input.hosts} state={state} />
      </div>
      <AnswerOf query={query} what={`pools for ${countHosts(input.hosts.length)}`}>
        {(answer) => <Partition answer={answer} input={input} state={state} />}
      </AnswerOf>
    </div>
  );
}

interface PartitionProps {
  readonly answer: PoolsAnswer;
  readonly input: PlanInput;
  readonly state: ViewState<'pools'>;
}

function Partition({ answer, input, state }: PartitionProps) {
  const change = useChange('pools');
  const { choices, unknown, unfit, contradictions } = answer;
  const chosen = choices.find((choice) => keyOfChoice(choice) === state.split) ?? choices[0];
  const choose = (split: string) => change({ split }, 'replace');
  return (
    <div className="page-scroll">
      {contradictions.map(({ reason, hosts }) => (
        <Banner key={reason}>
          {reason}: <HostNames hosts={hosts} />
        </Banner>
      ))}
      {chosen === undefined ? (
        <EmptyState title="There is no way to split these hosts">
          <p>
            {contradictions.length === 0
              ? 'No host answers, or none has what every pool must have: see the lists below.'
              : 'The wishes at the left contradict each other.'}
          </p>
        </EmptyState>
      ) : (
        <div className="partition-head">
          <figure className="pareto-figure">
            <ParetoPlot choices={choices} chosen={keyOfChoice(chosen)} onChoose={choose} />
            <figcaption className="quiet">
              <span className="pareto-key pareto-sturdy-key" /> every pool survives the loss of a host{' '}
              <span className="pareto-key pareto-fragile-key" /> some pool does not <span aria-hidden="true">⊤</span> no
              split can keep more
            </figcaption>
          </figure>
          <ChoiceList choices={choices} chosen={keyOfChoice(chosen)} onChoose={choose} />
        </div>
      )}
      <Unplaced title="Unknown: not placed" entries={unknown} />
      <Unplaced title="Unfit: they lack what every pool must have" entries={unfit} />
      {chosen === undefined ? null : <PoolCards choice={chosen} hosts={input.hosts} />}
    </div>
  );
}

interface ChoiceListProps {
  readonly choices: readonly PoolChoiceDocument[];
  readonly chosen: string;
  readonly onChoose: (key: string) => void;
}

function ChoiceList({ choices, chosen, onChoose }: ChoiceListProps) {
  return (
    <table className="sheet partition-list">
      <thead>
        <tr>
          <th scope="col">Pools</th>
          <th scope="col" title="Features kept over features had, summed over all hosts">
            Kept
          </th>
          <th scope="col" title="No split of that many pools keeps more">
            At best
          </th>
          <th scope="col" title="Every pool still works when any one host is gone">
            N−1
          </th>
          <th scope="col">Hosts in each</th>
        </tr>
      </thead>
      <tbody>
        {choices.map((choice) => {
          const key = keyOfChoice(choice);
          return (
            <tr key={key} data-chosen={key === chosen ? '' : undefined}>
              <th scope="row">
                <label className="pool-inline">
                  <input type="radio" name="split" checked={key === chosen} onChange={() => onChoose(key)} />
                  {choice.pools.length}
                </label>
              </th>
              <td className="number">{writeShare(choice.keptShare)}</td>
              <td className="number">{choice.isBest ? 'best' : writeShare(choice.keptShareBound)}</td>
              <td className="partition-survives">
                <span className={choice.survivesLoss ? 'glyph-runs' : 'glyph-refused'}>
                  {choice.survivesLoss ? '● yes' : '✕ no'}
                </span>
              </td>
              <td className="mono">{choice.pools.map(({ hosts }) => hosts.length).join(' + ')}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const shownUnplaced = 50;

function Unplaced({ title, entries }: { readonly title: string; readonly entries: PoolsAnswer['unknown'] }) {
  if (entries.length === 0) return null;
  return (
    <details className="page-section" open={entries.length <= 10}>
      <summary className="page-section-title">
        {title} <span className="section-count">{entries.length}</span>
      </summary>
      <table className="sheet">
        <tbody>
          {entries.slice(0, shownUnplaced).map(({ host, obstacle }) => (
            <tr key={host.id}>
              <th scope="row">
                <HostNames hosts={[host]} />
              </th>
              <td>{obstacle.reason}</td>
              <td className="mono">{obstacle.bit}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {entries.length > shownUnplaced ? <p className="quiet">and {entries.length - shownUnplaced} more</p> : null}
    </details>
  );
}
