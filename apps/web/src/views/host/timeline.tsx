import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { Observation, ObservationList } from '@cpu-atlas/contract';
import { useMemo } from 'react';
import { faultOf } from '../../api/fault.ts';
import { comparisonQuery } from '../../api/queries.ts';
import { requestJson } from '../../api/request.ts';
import { Age } from '../../components/age.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { LayerChanges } from '../../components/layer-changes.tsx';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import './timeline.css';

const timeoutMs = 20_000;

interface TimelineProps {
  readonly host: string;
  /** The observation whose change is shown; '' none. */
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}

/** What the host looked like, newest first, and what changed from one time to the next. */
export function Timeline({ host, chosen, onChoose }: TimelineProps) {
  const query = useInfiniteQuery({
    queryKey: ['observations', host],
    queryFn: ({ signal, pageParam }) =>
      requestJson<ObservationList>(
        `/hosts/${encodeURIComponent(host)}/observations?limit=20${pageParam === '' ? '' : `&cursor=${pageParam}`}`,
        { signal, timeoutMs },
      ),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }: ObservationList) => nextCursor ?? undefined,
  });
  const observations = useMemo(() => query.data?.pages.flatMap(({ items }) => items) ?? [], [query.data]);
  if (query.isError && query.data === undefined) {
    return <FaultNotice fault={faultOf(query.error)} onRetry={() => void query.refetch()} />;
  }
  if (query.isPending) {
    return <div className="host-skeleton" role="status" aria-label="Loading the timeline" />;
  }
  if (observations.length === 0) {
    return (
      <EmptyState title="Nothing was observed yet">
        <p>The timeline begins with the first probe that reached this backend.</p>
      </EmptyState>
    );
  }
  return (
    <div className="page-scroll" tabIndex={0} role="region" aria-label="Timeline">
      <ol className="timeline">
        {observations.map((observation, at) => (
          <Entry
            key={observation.id}
            observation={observation}
            before={observations[at + 1]}
            isOpen={chosen === observation.id}
            onToggle={() => onChoose(chosen === observation.id ? '' : observation.id)}
            host={host}
          />
        ))}
      </ol>
      {query.hasNextPage ? (
        <button type="button" className="button" disabled={query.isFetching} onClick={() => void query.fetchNextPage()}>
          Older ones
        </button>
      ) : null}
    </div>
  );
}

interface EntryProps {
  readonly host: string;
  readonly observation: Observation;
  readonly before: Observation | undefined;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function Entry({ host, observation, before, isOpen, onToggle }: EntryProps) {
  const { change, firstSeenAt, lastSeenAt, snapshotHash } = observation;
  return (
    <li className="timeline-entry">
      <p className="timeline-time">
        <Age of={firstSeenAt} />
        <span className="quiet">
          {' '}
          until <Age of={lastSeenAt} />
        </span>
      </p>
      <div>
        <p className="timeline-change">{change ?? 'First seen.'}</p>
        <p className="timeline-links">
          <a href={formatRoute(routeTo('matrix', { host, snapshot: snapshotHash }))}>Matrix of then</a>
          {before === undefined || change === null ? null : (
            <a
              href={formatRoute(
                routeTo('compare', { items: [`snapshot:${before.snapshotHash}`, `snapshot:${snapshotHash}`] }),
              )}
            >
              Compare both
            </a>
          )}
          {before === undefined || change === null ? null : (
            <button type="button" className="link" aria-expanded={isOpen} onClick={onToggle}>
              {isOpen ? 'Hide what changed' : 'What changed'}
            </button>
          )}
        </p>
        {isOpen && before !== undefined ? <Change from={before.snapshotHash} to={snapshotHash} /> : null}
      </div>
    </li>
  );
}

const turnTones = {
  gained: 'runs',
  widened: 'runs',
  told: 'runs',
  lost: 'refused',
  narrowed: 'filtered',
  untold: 'quiet',
} as const;

function Change({ from, to }: { readonly from: string; readonly to: string }) {
  const comparison = useQuery(comparisonQuery(from, to));
  if (comparison.isError) {
    return <FaultNotice fault={faultOf(comparison.error)} onRetry={() => void comparison.refetch()} />;
  }
  if (comparison.data === undefined) {
    return (
      <p className="quiet" role="status">
        Comparing …
      </p>
    );
  }
  const { layers, models } = comparison.data;
  return (
    <div className="timeline-detail">
      <LayerChanges layers={layers} />
      {models.length === 0 ? (
        <p className="quiet">No model comes out otherwise for it.</p>
      ) : (
        <table className="sheet">
          <thead>
            <tr>
              <th scope="col">Model</th>
              <th scope="col">Machine type</th>
              <th scope="col">Turn</th>
              <th scope="col">Features</th>
            </tr>
          </thead>
          <tbody>
            {models.map(({ accel, machine, model, turn, before, after, featuresLost, featuresGained }) => (
              <tr key={`${accel} ${machine} ${model}`}>
                <th scope="row" className="mono">
                  {model}
                </th>
                <td className="mono">
                  {machine}, {accel}
                </td>
                <td>
                  <span className="chip" data-tone={turnTones[turn]}>
                    {turn}
                  </span>{' '}
                  {before} → {after}
                </td>
                <td className="mono">
                  {[...featuresLost.map((name) => `−${name}`), ...featuresGained.map((name) => `+${name}`)].join(' ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
