import type { ReportRequestInput } from '@cpu-atlas/contract';
import type { ViewState } from '../../navigation/route.ts';

type State = ViewState<'reports'>;

/** What the address asks for, as the backend takes it; null: something is still to be chosen, told in words. */
export type AskedReport =
  | { readonly kind: 'ready'; readonly request: ReportRequestInput }
  | { readonly kind: 'incomplete'; readonly missing: string };

/** Puts the request together; what is left empty is left out. */
export function askReport(state: State): AskedReport {
  const { kind, format, accel, irqchip, catalog, hosts, models, machines, machine } = state;
  const when = state.at === '' ? {} : { at: state.at };
  const asked = {
    ...{ format, accel },
    ...(irqchip === '' || accel === 'tcg' ? {} : { kernelIrqchip: irqchip }),
    ...(catalog === '' || catalog === 'own' ? {} : { catalog }),
    ...when,
  };
  const chosenHosts = hosts.length === 0 ? {} : { hosts: [...hosts] };
  const chosenModels = models.length === 0 ? {} : { models: [...models] };
  const chosenMachines = machines.length === 0 ? {} : { machines: [...machines] };
  const onMachine = machine === '' ? {} : { machine };
  switch (kind) {
    case 'matrix':
      return ready({ kind, ...asked, ...chosenHosts, ...chosenModels, ...chosenMachines });
    case 'pivot': {
      if (state.rows === state.columns) return { kind: 'incomplete', missing: 'Rows and columns must be two things.' };
      const { rows, columns, isSplit, isUnfolded } = state;
      const layout = { rows, columns, isSplit, isFolded: !isUnfolded };
      return ready({ kind, ...asked, ...layout, ...chosenHosts, ...chosenModels, ...chosenMachines });
    }
    case 'hosts':
      return ready({ kind, format, ...when, ...chosenHosts });
    case 'security':
      return ready({ kind, ...asked, ...onMachine, ...chosenHosts, model: state.model });
    case 'choices':
      return ready({ kind, ...asked, ...onMachine, ...chosenHosts, ...chosenModels });
    case 'baseline':
      return ready({ kind, ...asked, ...onMachine, ...chosenHosts });
    case 'comparison': {
      const [a, b] = hosts;
      if (a === undefined || b === undefined)
        return { kind: 'incomplete', missing: 'Choose the two hosts that are compared.' };
      return ready({ kind, format, a: { host: a, ...when }, b: { host: b, ...when } });
    }
  }
}

const ready = (request: ReportRequestInput): AskedReport => ({ kind: 'ready', request });
