import { useQuery } from '@tanstack/react-query';
import type { HostSummary } from '@cpu-atlas/contract';
import { useMemo } from 'react';
import { planQuery } from '../../api/queries.ts';
import type { ViewState } from '../../navigation/route.ts';
import { stampOf } from './select-hosts.ts';
import type { HostSelection } from './select-hosts.ts';

/** What every answer about the chosen hosts is asked for. */
export interface PlanInput {
  readonly hosts: readonly HostSummary[];
  readonly stamp: string;
  /** The part of a request that says which hosts, with which QEMU, on which machine type. */
  readonly request: {
    readonly hosts?: readonly string[];
    readonly catalog?: string;
    readonly accel: 'kvm' | 'tcg';
    readonly machine?: string;
    readonly kernelIrqchip?: 'on' | 'split' | 'off';
    readonly at?: string;
  };
}

type Settings = Pick<ViewState<'pools'>, 'catalog' | 'machine' | 'accel' | 'irqchip' | 'at'>;

/** The request for some hosts; all of a fleet are not named one by one. */
export function writeRequest({ chosen, isWhole }: HostSelection, settings: Settings): PlanInput['request'] {
  const { catalog, machine, accel, irqchip, at } = settings;
  return {
    accel,
    ...(isWhole ? {} : { hosts: chosen.map(({ id }) => id) }),
    ...(catalog === '' ? {} : { catalog }),
    ...(machine === '' ? {} : { machine }),
    ...(irqchip === '' || accel === 'tcg' ? {} : { kernelIrqchip: irqchip }),
    ...(at === '' ? {} : { at }),
  };
}

export function usePlanInput(selection: HostSelection, state: ViewState<'pools'>): PlanInput {
  const { catalog, machine, accel, irqchip, at } = state;
  return useMemo(
    () => ({
      hosts: selection.chosen,
      stamp: stampOf(selection.chosen),
      request: writeRequest(selection, { catalog, machine, accel, irqchip, at }),
    }),
    [selection, catalog, machine, accel, irqchip, at],
  );
}

/** A model that every QEMU has and that costs nothing to rank: the answer tells what it was asked of. */
const cheapest = ['qemu64-v1'] as const;

/** The machine type of the answers, and what was assumed for them. Undefined until it is known. */
export function useAnswered({ hosts, request, stamp }: PlanInput) {
  const asked = planQuery({ kind: 'choices', ...request, models: cheapest, limit: 1 }, stamp);
  return useQuery({ ...asked, enabled: hosts.length > 0 });
}
