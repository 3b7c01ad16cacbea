import type { QueryClient } from '@tanstack/react-query';
import type { Route } from '../navigation/route.ts';
import { cubeQuery } from './cube.ts';
import { catalogQuery, catalogsQuery, hostsQuery, snapshotQuery } from './queries.ts';
import { sessionQuery } from './session.ts';

/** Asks for what the first screen will show while its code is still being read: the answers are awaited together. */
export function requestEarly(client: QueryClient, route: Route): void {
  void client.prefetchQuery(sessionQuery);
  if (route.view === 'pivot') {
    void client.prefetchQuery(cubeQuery(route.state));
    void client.prefetchQuery(catalogsQuery);
  }
  if (route.view === 'matrix') {
    const { snapshot, catalog } = route.state;
    void client.prefetchQuery(hostsQuery);
    void client.prefetchQuery(catalogsQuery);
    if (snapshot !== '') void client.prefetchQuery(snapshotQuery(snapshot));
    if (catalog !== '') void client.prefetchQuery(catalogQuery(catalog));
  }
}
