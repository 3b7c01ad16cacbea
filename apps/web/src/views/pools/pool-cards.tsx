import type { HostSummary, PoolDocument } from '@cpu-atlas/contract';
import { useMemo } from 'react';
import { useChange } from '../../navigation/use-route.ts';
import { countHosts } from './answer.tsx';
import { HostNames } from './host-names.tsx';
import type { PoolChoiceDocument } from './pareto-points.ts';
import { writeShare } from './pareto-points.ts';

interface PoolCardsProps {
  readonly choice: PoolChoiceDocument;
  readonly hosts: readonly HostSummary[];
}

/** The pools of one choice: what each promises, which host costs it what, and why it is not one with its neighbour. */
export function PoolCards({ choice, hosts }: PoolCardsProps) {
  const byId = useMemo(() => new Map(hosts.map((host) => [host.id, host])), [hosts]);
  return (
    <section className="page-section" aria-label="Pools of the choice">
      <h2 className="page-section-title">
        {choice.pools.length === 1 ? 'The pool' : `The ${choice.pools.length} pools`}
      </h2>
      <div className="pool-cards">
        {choice.pools.map((pool, at) => (
          <PoolCard key={pool.hosts[0] ?? at} number={at + 1} pool={pool} byId={byId} />
        ))}
      </div>
    </section>
  );
}

interface PoolCardProps {
  readonly number: number;
  readonly pool: PoolDocument;
  readonly byId: ReadonlyMap<string, HostSummary>;
}

const namedHosts = 8;

function PoolCard({ number, pool, byId }: PoolCardProps) {
  const change = useChange('pools');
  const { vendor, abiLevel, promised, afterLoss, costs, cut } = pool;
  const members = pool.hosts.map((id) => ({ id, name: byId.get(id)?.name ?? id }));
  return (
    <article className="pool-card">
      <header className="pool-card-head">
        <h3>
          Pool {number} <span className="quiet">{countHosts(pool.hosts.length)}</span>
        </h3>
        <button
          type="button"
          className="button"
          onClick={() => change({ hosts: pool.hosts, tab: 'choices', sort: '', model: '' })}
        >
          Choose its CPU
        </button>
      </header>
      <p>
        <HostNames hosts={members.slice(0, namedHosts)} count={members.length} />
      </p>
      <dl className="facts pool-line">
        <dt>Promises</dt>
        <dd>
          <details>
            <summary>
              {promised.length} features, {abiLevel === 0 ? 'below x86-64-v1' : `x86-64-v${abiLevel}`}, {vendor}
            </summary>
            <code>{promised.join(' ')}</code>
          </details>
        </dd>
        <dt>N−1</dt>
        <dd>
          <span className={afterLoss.survives ? 'glyph-runs' : 'glyph-refused'}>{afterLoss.survives ? '●' : '✕'}</span>{' '}
          without {afterLoss.worst.name} {writeShare(afterLoss.capacityLeft)} of the capacity is left
        </dd>
      </dl>
      {costs.length === 0 ? (
        <p className="quiet">No host costs the others anything.</p>
      ) : (
        <ul className="pool-costs">
          {costs.map(({ sentence, features, bits, isUndecided }) => (
            <li key={sentence}>
              <details>
                <summary>
                  {isUndecided ? <span className="glyph-unknown">? </span> : null}
                  {sentence}
                </summary>
                <ul className="pool-bits">
                  {features.map((feature, at) => (
                    <li key={feature} className="mono">
                      {feature} <span className="quiet">{bits[at]}</span>
                    </li>
                  ))}
                </ul>
              </details>
            </li>
          ))}
        </ul>
      )}
      {cut === null ? null : (
        <p className="pool-cut">
          <span className="quiet">Not one with pool {cut.other + 1}:</span> {cut.sentence}.
        </p>
      )}
    </article>
  );
}
