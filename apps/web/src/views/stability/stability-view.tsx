import { useQuery } from '@tanstack/react-query';
import type { StabilityResult } from '@cpu-atlas/contract';
import { faultOf } from '../../api/fault.ts';
import { stabilityQuery } from '../../api/queries.ts';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { focusSearchField } from '../../components/inputs.tsx';
import { AcceleratorField } from '../../components/launch-fields.tsx';
import { Shell } from '../../components/shell.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useKeys } from '../../components/use-keys.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { ChangesTab } from './changes-tab.tsx';
import { LibvirtTab } from './libvirt-tab.tsx';
import { RetirementTab } from './retirement-tab.tsx';
import './stability.css';

/** Whether a machine type and a model mean the same in every QEMU, how long they last, and what libvirt believes. */
export function StabilityView({ state }: { readonly state: ViewState<'stability'> }) {
  const change = useChange('stability');
  const stability = useQuery(stabilityQuery);
  useKeys({ '/': focusSearchField });
  const tabs = [
    { value: 'changes', label: 'Definitions that changed' },
    { value: 'retirement', label: 'Retirement' },
    { value: 'libvirt', label: 'libvirt’s map' },
  ] as const;
  return (
    <Shell title="Stability" panel={<StabilityPanel result={stability.data} state={state} />} commands={[]}>
      <Tabs
        label="Parts of stability"
        tabs={tabs}
        chosen={state.tab}
        onChoose={(tab) => change({ tab, search: '', sort: '' })}
      >
        {state.tab === 'libvirt' ? (
          <LibvirtTab state={state} />
        ) : stability.isError && stability.data === undefined ? (
          <FaultNotice fault={faultOf(stability.error)} onRetry={() => void stability.refetch()} />
        ) : stability.data === undefined ? (
          <div className="stability-skeleton" role="status" aria-label="Comparing the releases">
            Comparing the definitions of all known releases …
          </div>
        ) : state.tab === 'changes' ? (
          <ChangesTab result={stability.data} state={state} />
        ) : (
          <RetirementTab result={stability.data} state={state} />
        )}
      </Tabs>
    </Shell>
  );
}

function StabilityPanel({
  result,
  state,
}: {
  readonly result: StabilityResult | undefined;
  readonly state: ViewState<'stability'>;
}) {
  const change = useChange('stability');
  return (
    <>
      <div className="field panel-host">
        <span className="field-label">Releases of QEMU</span>
        <span className="field-value mono">{result === undefined ? '…' : result.releases.join(' → ')}</span>
      </div>
      {state.tab === 'retirement' ? null : <AcceleratorField accel={state.accel} onChange={change} />}
    </>
  );
}
