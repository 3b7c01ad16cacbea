import type { UseQueryResult } from '@tanstack/react-query';
import type { PlanResult } from '@cpu-atlas/contract';
import { faultOf } from '../../api/fault.ts';
import { Banner, FaultNotice } from '../../components/fault-notice.tsx';
import { HostNames } from './host-names.tsx';
import { Share } from './share.tsx';
import { byEffect } from './weigh-change.ts';
import type { ChangeEffect, WeighedModel } from './weigh-change.ts';

type WhatIfResult = Extract<PlanResult, { readonly kind: 'what-if' }>;
type ModelEffect = WhatIfResult['models'][number];

interface WhatIfAnswerProps {
  /** Counted in the browser; null: not there yet, or not to be had. */
  readonly live: readonly WeighedModel[] | null;
  /** The backend's answer, with hosts and bits; without data while it is on its way. */
  readonly told: Pick<UseQueryResult<WhatIfResult>, 'data' | 'isError' | 'error' | 'refetch'>;
  readonly isTooMuch: boolean;
}

const tones = {
  lost: 'refused',
  gained: 'runs',
  undecided: 'quiet',
  narrower: 'filtered',
  wider: 'runs',
} as const satisfies Record<ChangeEffect, string>;

/** What a change gains and loses: counts at once, the deciding host and bit a moment later. */
export function WhatIfAnswer({ live, told, isTooMuch }: WhatIfAnswerProps) {
  const { data } = told;
  const models: readonly (WeighedModel & Partial<Pick<ModelEffect, 'deciding'>>)[] | null =
    data === undefined ? live : byEffect(data.models);
  return (
    <>
      {told.isError ? <FaultNotice fault={faultOf(told.error)} onRetry={() => void told.refetch()} /> : null}
      {isTooMuch ? (
        <Banner>These are too many changes to tell the deciding bits: only the counts are shown.</Banner>
      ) : null}
      <Promises data={data} isTooMuch={isTooMuch || told.isError} />
      <section className="page-section" data-testid="what-if-models" data-source={data === undefined ? 'live' : 'told'}>
        <h2 className="page-section-title">
          Models <span className="section-count">{models?.length ?? ''}</span>
        </h2>
        {models === null ? (
          <p className="quiet" role="status">
            Computing …
          </p>
        ) : models.length === 0 ? (
          <p className="quiet">Every model runs on as many hosts as before.</p>
        ) : (
          <table className="sheet what-if-models">
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col">Effect</th>
                <th scope="col">Before</th>
                <th scope="col">After</th>
                <th scope="col">Decides</th>
              </tr>
            </thead>
            <tbody>
              {models.map(({ model, effect, before, after, deciding }) => (
                <tr key={model}>
                  <th scope="row" className="mono">
                    {model}
                  </th>
                  <td>
                    <span className="chip" data-tone={tones[effect]}>
                      {effect}
                    </span>
                  </td>
                  <td>
                    <Share tally={before} />
                  </td>
                  <td>
                    <Share tally={after} />
                  </td>
                  <td>
                    <Deciding deciding={deciding ?? null} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </>
  );
}

function Deciding({ deciding }: { readonly deciding: ModelEffect['deciding'] }) {
  if (deciding === null) return null;
  const { host, obstacle } = deciding;
  return (
    <>
      <HostNames hosts={[host]} /> <span className="mono">{obstacle.name}</span>{' '}
      <span className="quiet">{obstacle.reason}</span>
    </>
  );
}

/** Features that a pool of all hosts promises more, and less. */
function Promises({ data, isTooMuch }: { readonly data: WhatIfResult | undefined; readonly isTooMuch: boolean }) {
  if (data === undefined && isTooMuch) return null;
  return (
    <section className="page-section">
      <h2 className="page-section-title">The pool promises</h2>
      {data === undefined ? (
        <p className="quiet" role="status">
          Asking for features and bits …
        </p>
      ) : (
        <dl className="facts">
          <dt>More</dt>
          <dd>
            <Bits bits={data.gained} tone="runs" />
          </dd>
          <dt>Less</dt>
          <dd>
            <Bits bits={data.lost} tone="refused" />
          </dd>
        </dl>
      )}
    </section>
  );
}

function Bits({ bits, tone }: { readonly bits: WhatIfResult['gained']; readonly tone: 'runs' | 'refused' }) {
  if (bits.length === 0) return <span className="quiet">nothing</span>;
  return (
    <span className="chips">
      {bits.map(({ feature, bit }) => (
        <span key={feature} className="chip mono" data-tone={tone} title={bit}>
          {feature}
        </span>
      ))}
    </span>
  );
}
