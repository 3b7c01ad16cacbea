import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { sessionQuery } from './session.ts';

/** What may look otherwise after a change of the fleet. */
const touched: ReadonlySet<unknown> = new Set(['hosts', 'host', 'host-list', 'cube', 'observations', 'catalogs']);

/** Several changes at once are one reload. */
const gatherMs = 1_000;

/** Follows the fleet while the page is open: what changed is loaded again, a second later. */
export function useLiveUpdates(): void {
  const client = useQueryClient();
  useEffect(() => {
    const source = new EventSource('/api/v1/events');
    let timer: ReturnType<typeof setTimeout> | null = null;
    const onChange = () => {
      timer ??= setTimeout(() => {
        timer = null;
        void client.invalidateQueries({ predicate: ({ queryKey: [first] }) => touched.has(first) });
      }, gatherMs);
    };
    source.addEventListener('message', onChange);
    return () => {
      source.close();
      if (timer !== null) clearTimeout(timer);
    };
  }, [client]);
}

/** After an answer that says “log in”, asks who one is: the login takes the place of the screen. */
export function useLoginWatch(): void {
  const client = useQueryClient();
  useEffect(
    () =>
      client.getQueryCache().subscribe(({ query }) => {
        const error: unknown = query.state.error;
        const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'fault') : null;
        const isRefused = typeof code === 'object' && code !== null && Reflect.get(code, 'code') === 'AUTH_REQUIRED';
        if (isRefused && query.queryKey[0] !== 'session') {
          void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
        }
      }),
    [client],
  );
}
