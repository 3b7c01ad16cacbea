import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { baselineModes } from '@cpu-atlas/core';
import type { BaselineMode } from '@cpu-atlas/core';
import type { BaselineResult } from '@cpu-atlas/contract';
import { useDeferredValue } from 'react';
import { baselineQuery } from '../../api/queries.ts';
import { Toggle } from '../../components/buttons.tsx';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { AnswerOf, countHosts } from './answer.tsx';
import { BaselineCard, LibvirtCard } from './baseline-card.tsx';
import { DroppedFeatures } from './dropped-features.tsx';
import type { PlanInput } from './plan-input.ts';

interface BaselinesTabProps {
  readonly input: PlanInput;
  readonly state: ViewState<'pools'>;
}

const releasePattern = /^\d{1,3}\.\d{1,3}(\.\d{1,3})?$/;

/** The three meanings of “the best CPU”, side by side, and what libvirt would say. */
export function BaselinesTab({ input, state }: BaselinesTabProps) {
  const change = useChange('pools');
  const libvirt = useDeferredValue(state.libvirt);
  const ask = (mode: BaselineMode, release: string) => ({
    ...baselineQuery(
      {
        ...input.request,
        mode,
        migratable: !state.keepsAll,
        ...(releasePattern.test(release) ? { libvirt: release } : {}),
      },
      input.stamp,
    ),
    placeholderData: keepPreviousData<BaselineResult>,
  });
  const [enable, match, predefined] = baselineModes;
  const queries = [useQuery(ask(enable, '')), useQuery(ask(match, '')), useQuery(ask(predefined, ''))] as const;
  const beside = useQuery({ ...ask(predefined, libvirt), enabled: releasePattern.test(libvirt) });
  const what = `a baseline of ${countHosts(input.hosts.length)}`;
  const answers = queries.flatMap(({ data }) => data ?? []);
  return (
    <>
      <div className="page-toolbar">
        <Toggle
          isOn={state.keepsAll}
          onToggle={(keepsAll) => change({ keepsAll })}
          title="Also what does not survive a migration, such as invtsc"
        >
          With features that do not migrate
        </Toggle>
        <label className="pool-inline">
          libvirt
          <input
            className="text-input pool-short"
            value={state.libvirt}
            spellCheck={false}
            aria-invalid={state.libvirt !== '' && !releasePattern.test(state.libvirt)}
            placeholder="11.3.0"
            onChange={(event) => change({ libvirt: event.target.value }, 'replace')}
          />
        </label>
      </div>
      <div className="page-scroll">
        <div className="pool-baselines">
          {queries.map((query, at) => (
            <section key={baselineModes[at]} className="pool-baseline" aria-label={baselineModes[at]}>
              <AnswerOf query={query} what={what}>
                {(result) => <BaselineCard result={result} />}
              </AnswerOf>
            </section>
          ))}
          <section className="pool-baseline" aria-label="libvirt’s own baseline">
            {releasePattern.test(libvirt) ? (
              <AnswerOf query={beside} what={`libvirt ${libvirt}’s own baseline`}>
                {(result) => <LibvirtCard result={result} />}
              </AnswerOf>
            ) : (
              <p className="quiet">Name a release of libvirt above, such as 11.3.0, to see what it would answer.</p>
            )}
          </section>
        </div>
        <DroppedFeatures answers={answers} />
      </div>
    </>
  );
}
