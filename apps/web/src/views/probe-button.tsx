import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { HostSummary } from '@cpu-atlas/contract';
import { faultOf } from '../api/fault.ts';
import { hostsQuery, requestProbe } from '../api/queries.ts';
import { Icon } from '../components/icons.tsx';

interface ProbeButtonProps {
  readonly host: HostSummary;
  readonly onProbed: (summary: HostSummary) => void;
  /** With words instead of the icon alone. */
  readonly isWide?: boolean;
}

/** Probes a host again. What was shown stays until the new snapshot is there. */
export function ProbeButton({ host, onProbed, isWide }: ProbeButtonProps) {
  const client = useQueryClient();
  const probe = useMutation({
    mutationFn: () => requestProbe(host.id),
    onSuccess: async ({ summary }) => {
      await client.invalidateQueries({ queryKey: hostsQuery.queryKey });
      onProbed(summary);
    },
  });
  const isBusy = probe.isPending || host.isProbing;
  const isDeaf = !host.isSelf && !host.takesCommands;
  const label = isBusy ? 'Probing …' : isDeaf ? 'This host takes no commands at the moment' : 'Probe again';
  const fault = probe.isError ? faultOf(probe.error) : null;
  return (
    <>
      <button
        type="button"
        className={isWide === true ? 'button' : 'panel-probe'}
        aria-label={isWide === true ? undefined : label}
        title={fault === null ? label : `${fault.title}: ${fault.detail}`}
        disabled={isBusy || isDeaf}
        data-failed={fault === null ? undefined : ''}
        onClick={() => probe.mutate()}
      >
        <Icon name={fault === null ? 'refresh' : 'warning'} size={12} />
        {isWide === true ? (isDeaf ? 'Probe again' : label) : null}
      </button>
      {fault === null ? null : (
        <span className={isWide === true ? 'probe-fault' : 'visually-hidden'} role="alert">
          {fault.code}: {fault.detail}
          {fault.remedy === undefined ? '' : `; ${fault.remedy}`}
        </span>
      )}
    </>
  );
}
