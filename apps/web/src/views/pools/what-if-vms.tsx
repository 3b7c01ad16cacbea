import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { faultOf } from '../../api/fault.ts';
import { vmsQuery } from '../../api/queries.ts';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useLedger } from '../vms/use-ledger.ts';
import { compareVms } from './compare-vms.ts';
import type { VmChange } from './compare-vms.ts';
import type { PlanInput } from './plan-input.ts';
import { stampOf } from './select-hosts.ts';
import { useSettled } from './use-settled.ts';

const tones = {
  stuck: 'refused',
  homeless: 'refused',
  freed: 'runs',
  narrower: 'filtered',
  wider: 'runs',
} as const satisfies Record<VmChange['effect'], string>;

const restMs = 500;

/** What leaving hosts out, or another QEMU, does to the VMs that were read on the screen of VMs. */
export function WhatIfVms({ input, state }: { readonly input: PlanInput; readonly state: ViewState<'pools'> }) {
  const { text, host } = useLedger().ledger;
  const out = useSettled(state.out, restMs);
  const toCatalog = useSettled(state.toCatalog, restMs);
  const hasVms = text.trim() !== '';
  const isChanged = out.length > 0 || toCatalog !== '';
  const bodies = useMemo(() => {
    const left = new Set(out);
    const staying = input.hosts.filter(({ id }) => !left.has(id));
    const own = state.catalog === '' ? {} : { catalog: state.catalog };
    const next = toCatalog === '' ? own : { catalog: toCatalog };
    const common = { text, ...(host === '' ? {} : { host }) };
    return {
      before: { ...common, ...own, hosts: input.hosts.map(({ id }) => id) },
      after: { ...common, ...next, hosts: staying.map(({ id }) => id) },
      afterStamp: stampOf(staying),
      isEmpty: staying.length === 0,
    };
  }, [input.hosts, out, toCatalog, state.catalog, text, host]);
  const enabled = hasVms && isChanged && !bodies.isEmpty;
  const before = useQuery({ ...vmsQuery(bodies.before, input.stamp), enabled });
  const after = useQuery({ ...vmsQuery(bodies.after, bodies.afterStamp), enabled });
  const failed = [before, after].find(({ isError }) => isError);
  return (
    <section className="page-section">
      <h2 className="page-section-title">VMs</h2>
      {!hasVms ? (
        <p className="quiet">
          Give a list of VMs on the screen <a href={formatRoute(routeTo('vms'))}>VMs</a>: those that a change frees or
          strands stand here.
        </p>
      ) : !isChanged ? (
        <p className="quiet">Machine type and irqchip are the VM’s own: leave a host out or take another QEMU.</p>
      ) : failed !== undefined ? (
        <FaultNotice fault={faultOf(failed.error)} onRetry={() => void failed.refetch()} />
      ) : before.data === undefined || after.data === undefined ? (
        <p className="quiet" role="status">
          Computing where each VM can go …
        </p>
      ) : (
        <Changes changes={compareVms(before.data, after.data)} />
      )}
    </section>
  );
}

function Changes({ changes }: { readonly changes: readonly VmChange[] }) {
  if (changes.length === 0) return <p className="quiet">Every VM can go to as many hosts as before.</p>;
  return (
    <table className="sheet">
      <thead>
        <tr>
          <th scope="col">VM</th>
          <th scope="col">Effect</th>
          <th scope="col">Hosts before</th>
          <th scope="col">After</th>
          <th scope="col">For want of</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ vm, effect, targetsBefore, targetsAfter, reason }) => (
          <tr key={vm}>
            <th scope="row">{vm}</th>
            <td>
              <span className="chip" data-tone={tones[effect]}>
                {effect}
              </span>
            </td>
            <td className="number">{targetsBefore}</td>
            <td className="number">{targetsAfter}</td>
            <td className="mono">{reason}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
