import { useQuery } from '@tanstack/react-query';
import type { GuestCpuidsRequest } from '@cpu-atlas/contract';
import { useState } from 'react';
import { faultOf } from '../../api/fault.ts';
import { guestCpuidQuery, hostsQuery } from '../../api/queries.ts';
import { pickHost } from '../../api/pick-atlas.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { PickList } from '../../components/pick-list.tsx';
import { clampTo } from '../../navigation/fields.ts';
import { useChange } from '../../navigation/use-route.ts';
import { GuestCpu } from './guest-cpu.tsx';
import type { ModelPart } from './model-view.tsx';
import { readSmp } from './read-smp.ts';

/** The whole CPUID of one vCPU, as a guest on one host would read it. */
export function GuestTab({ loaded, state }: ModelPart) {
  const change = useChange('model');
  const hosts = useQuery(hostsQuery);
  const host = pickHost(hosts.data?.items, state.host);
  const smp = readSmp(state.smp);
  const request: GuestCpuidsRequest['requests'][number] | null =
    host === null || smp === null
      ? null
      : {
          ...{ host: host.id, catalog: loaded.hash, accel: state.accel, machine: state.machine, cpu: state.name },
          ...{ smp, vcpu: state.vcpu, ...(state.at === '' ? {} : { at: state.at }) },
        };
  const guest = useQuery(guestCpuidQuery(request));
  return (
    <div className="page">
      <div className="page-toolbar">
        <PickList
          label="Host"
          value={<span className="panel-host-name">{host?.name ?? '…'}</span>}
          chosen={host?.id ?? null}
          options={(hosts.data?.items ?? []).map(({ id, name, cpuName }) => ({
            value: id,
            label: name,
            note: cpuName ?? '',
          }))}
          placeholder="Name, CPU"
          onPick={(id) => change({ host: id })}
        />
        <SmpField smp={state.smp} onChange={(text) => change({ smp: text, vcpu: 0 })} />
        <VcpuField state={state} most={(smp?.cpus ?? 1) - 1} />
        {guest.isFetching ? (
          <p className="page-toolbar-end quiet" role="status">
            Asking …
          </p>
        ) : null}
      </div>
      {request === null ? (
        <EmptyState title="Nothing is asked yet">
          <p>{host === null ? 'Choose a host.' : 'Write the argument of -smp: 8, or cpus=8,cores=4,threads=2.'}</p>
        </EmptyState>
      ) : guest.isError && guest.data === undefined ? (
        <FaultNotice fault={faultOf(guest.error)} onRetry={() => void guest.refetch()} />
      ) : guest.data === undefined || guest.data === null ? (
        <div className="models-skeleton" role="status" aria-label="Loading the CPUID" />
      ) : guest.data.ok ? (
        <div className="guest-answer" data-superseded={guest.isPlaceholderData ? '' : undefined}>
          <GuestCpu guest={guest.data.guestCpuid} state={state} />
        </div>
      ) : (
        <FaultNotice fault={{ ...guest.data.error, detail: guest.data.error.detail ?? guest.data.error.title }} />
      )}
    </div>
  );
}

/** Takes effect with Enter, or when it is left: each change is a question to the backend. */
function SmpField({ smp, onChange }: { readonly smp: string; readonly onChange: (text: string) => void }) {
  const [draft, setDraft] = useState<string | null>(null);
  const text = draft ?? smp;
  const isWrong = readSmp(text) === null;
  const settle = () => {
    if (!isWrong && draft !== null) onChange(draft.trim());
    if (!isWrong) setDraft(null);
  };
  return (
    <label className="guest-field">
      <span className="mono">-smp</span>
      <input
        className="text-input mono"
        value={text}
        size={28}
        spellCheck={false}
        aria-invalid={isWrong}
        title="8, or cpus=8,sockets=1,cores=4,threads=2; Enter asks"
        onChange={(event) => setDraft(event.target.value)}
        onBlur={settle}
        onKeyDown={(event) => {
          if (event.key === 'Enter') settle();
        }}
      />
    </label>
  );
}

function VcpuField({ state, most }: { readonly state: ModelPart['state']; readonly most: number }) {
  const change = useChange('model');
  return (
    <label className="guest-field">
      vCPU
      <input
        className="text-input mono"
        type="number"
        min={0}
        max={Math.max(most, 0)}
        value={state.vcpu}
        onChange={(event) =>
          change({ vcpu: clampTo({ least: 0, most: Math.max(most, 0) }, Number(event.target.value)) }, 'replace')
        }
      />
    </label>
  );
}
