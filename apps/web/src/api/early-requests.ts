import type { QueryClient } from '@tanstack/react-query';
import type { Route } from '../navigation/route.ts';
import { cubeQuery } from './cube.ts';
import { loadFirstScreen } from './first-screen.ts';
import { catalogQuery, catalogsQuery, hostsQuery, snapshotQuery } from './queries.ts';
import { sessionQuery } from './session.ts';

/** Loads what the first screen shows before it is shown; resolves when all of it is there, or will not come. */
export function requestEarly(client: QueryClient, route: Route): Promise<void> {
  return loadFirstScreen(
    {
      session: () => client.prefetchQuery(sessionQuery),
      hosts: async () => {
        await client.prefetchQuery(hostsQuery);
        return client.getQueryData(hostsQuery.queryKey)?.items;
      },
      catalogs: async () => {
        await client.prefetchQuery(catalogsQuery);
        return client.getQueryData(catalogsQuery.queryKey)?.items;
      },
      snapshot: (hash) => client.prefetchQuery(snapshotQuery(hash)),
      catalog: (hash) => client.prefetchQuery(catalogQuery(hash)),
      cube: (choice) => client.prefetchQuery(cubeQuery(choice)),
    },
    route,
  );
}
