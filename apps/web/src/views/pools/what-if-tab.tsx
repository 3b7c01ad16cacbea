import { useQuery } from '@tanstack/react-query';
import type { Cube } from '@cpu-atlas/core';
import { useMemo, useState } from 'react';
import { planQuery } from '../../api/queries.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import type { ViewState } from '../../navigation/route.ts';
import { useCube } from '../pivot/use-cube.ts';
import type { PlanInput } from './plan-input.ts';
import { useSettled } from './use-settled.ts';
import { byEffect, tallyModels, weighChange } from './weigh-change.ts';
import type { CountedHosts } from './weigh-change.ts';
import { WhatIfAnswer } from './what-if-answer.tsx';
import { WhatIfToggles } from './what-if-toggles.tsx';
import { mostChanges, readPasted, writeChanges } from './what-if-request.ts';
import { WhatIfVms } from './what-if-vms.tsx';

interface WhatIfTabProps {
  readonly input: PlanInput;
  readonly machine: string;
  readonly state: ViewState<'pools'>;
}

/** The backend is asked for hosts and bits once the hand rests. */
const restMs = 250;

/** Toggles at the left; at the right what they gain and lose: at once from the cube, then with the host and the bit. */
export function WhatIfTab({ input, machine, state }: WhatIfTabProps) {
  const [text, setText] = useState('');
  const pasted = useMemo(() => readPasted(text), [text]);
  const { out, toCatalog, toIrqchip, toMachine } = state;
  const changes = useMemo(
    () => writeChanges({ out, toCatalog, toIrqchip, toMachine }, input.hosts, pasted),
    [out, toCatalog, toIrqchip, toMachine, input.hosts, pasted],
  );
  const settled = useSettled(changes, restMs);
  const isFew = settled.length > 0 && settled.length <= mostChanges;
  const told = useQuery({
    ...planQuery({ kind: 'what-if', ...input.request, machine, changes: settled }, input.stamp),
    enabled: isFew && machine !== '',
  });
  const live = useLiveWeights(input, machine, state);
  const isCurrent = settled === changes;
  return (
    <div className="page-split">
      <div className="pool-left">
        <WhatIfToggles {...{ input, machine, state, text, pasted }} onText={setText} />
      </div>
      <div className="page-scroll">
        {changes.length === 0 ? (
          <EmptyState title="Nothing is changed yet">
            <p>
              Leave hosts out, take another QEMU, irqchip or machine type, or paste the snapshot of a host as it would
              be: what the pool gains and loses stands here while you do.
            </p>
          </EmptyState>
        ) : (
          <WhatIfAnswer
            live={pasted.kind === 'snapshot' ? null : live}
            told={isCurrent ? told : { data: undefined, error: null, isError: false, refetch: told.refetch }}
            isTooMuch={changes.length > mostChanges}
          />
        )}
        <WhatIfVms input={input} state={state} />
      </div>
    </div>
  );
}

/** What the toggles do to every model, from the cubes before and after. Null until those are there. */
function useLiveWeights(input: PlanInput, machine: string, state: ViewState<'pools'>) {
  const { accel, irqchip, catalog, toCatalog, toIrqchip, toMachine, out, at } = state;
  const before = useCube({ accel, irqchip, catalog: catalog || 'own', at });
  const after = useCube({ accel, irqchip: toIrqchip || irqchip, catalog: toCatalog || catalog || 'own', at });
  const hosts = useMemo(() => countExact(input, catalog), [input, catalog]);
  const staying = useMemo(
    () => leaveOut(countExact(input, toCatalog || catalog), out),
    [input, toCatalog, catalog, out],
  );
  const isReady = !after.isSuperseded && !before.isSuperseded;
  const was = useTallies(before.cube, machine, hosts);
  const is = useTallies(after.cube, toMachine || machine, staying);
  return useMemo(
    () => (was === null || is === null || !isReady ? null : byEffect(weighChange(was, is))),
    [was, is, isReady],
  );
}

/** One side; while one drags only the other is counted anew. */
function useTallies(cube: Cube | undefined, machine: string, hosts: CountedHosts) {
  return useMemo(
    () => (cube === undefined || machine === '' ? null : tallyModels({ cube, machine, hosts })),
    [cube, machine, hosts],
  );
}

/** With one QEMU for all, nothing stands in for anything. */
function countExact({ hosts }: PlanInput, catalog: string): CountedHosts {
  const isExact = ({ qemu }: PlanInput['hosts'][number]): boolean =>
    catalog !== '' || qemu[0]?.catalogMatch === 'exact';
  return {
    exact: hosts.filter(isExact).map(({ id }) => id),
    standIn: hosts.filter((host) => !isExact(host)).map(({ id }) => id),
  };
}

function leaveOut({ exact, standIn }: CountedHosts, out: readonly string[]): CountedHosts {
  const left = new Set(out);
  const stays = (id: string): boolean => !left.has(id);
  return { exact: exact.filter(stays), standIn: standIn.filter(stays) };
}
