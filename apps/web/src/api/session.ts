import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Session } from '@cpu-atlas/contract';
import { useCallback } from 'react';
import { sessionPath } from './paths.ts';
import { requestJson } from './request.ts';

const quickMs = 15_000;

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => requestJson<Session>(sessionPath, { signal, timeoutMs: quickMs }),
  staleTime: 60_000,
});

/** Who looks at the dashboard; undefined until the backend has told. */
export function useSession(): Session | undefined {
  return useQuery(sessionQuery).data;
}

/** Whether one may change things: operators may, and whoever sits at the machine where nobody logs in. */
export function useIsOperator(): boolean {
  return useSession()?.visitor?.role === 'operator';
}

export function logIn(token: string): Promise<Session> {
  return requestJson(sessionPath, { timeoutMs: quickMs, body: { token } });
}

/** Ends the login; what was loaded under it is forgotten. */
export function useLogOut(): () => Promise<void> {
  const client = useQueryClient();
  return useCallback(async () => {
    await requestJson<void>(sessionPath, { timeoutMs: quickMs, method: 'DELETE' });
    client.clear();
    await client.refetchQueries({ queryKey: sessionQuery.queryKey });
  }, [client]);
}
