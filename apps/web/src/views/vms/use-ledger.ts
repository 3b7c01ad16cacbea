import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';

/** A list of VMs as it was given, kept while the window is open. */
export interface Ledger {
  readonly text: string;
  /** Where VMs run that do not say it: id or name of a host; '': nowhere. */
  readonly host: string;
}

const storageKey = 'cpu-atlas.vms';
const queryKey = ['vm-ledger'];
const nothing: Ledger = { text: '', host: '' };

function readStored(): Ledger {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(storageKey) ?? 'null');
    if (typeof stored !== 'object' || stored === null) return nothing;
    const { text, host }: { readonly text?: unknown; readonly host?: unknown } = stored;
    return typeof text === 'string' && typeof host === 'string' ? { text, host } : nothing;
  } catch {
    return nothing;
  }
}

/** The list of VMs that the screens share. It stays in this window: nothing is stored on the backend. */
export function useLedger(): { readonly ledger: Ledger; readonly keep: (ledger: Ledger) => void } {
  const client = useQueryClient();
  const { data = nothing } = useQuery({
    queryKey,
    queryFn: readStored,
    initialData: readStored,
    staleTime: Infinity,
    gcTime: Infinity,
  });
  const keep = useCallback(
    (ledger: Ledger) => {
      client.setQueryData(queryKey, ledger);
      try {
        sessionStorage.setItem(storageKey, JSON.stringify(ledger));
      } catch {
        // A list beyond the browser's quota lasts until the page is loaded anew.
      }
    },
    [client],
  );
  return { ledger: data, keep };
}
