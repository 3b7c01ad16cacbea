import type { CatalogSummary, HostSummary } from '@cpu-atlas/contract';
import type { MatrixState, Route } from '../navigation/route.ts';
import type { CubeChoice } from './paths.ts';
import { pickCatalog, pickHost } from './pick-atlas.ts';

/** How the answers of the first screen are loaded. A list that did not come is undefined; nothing here rejects. */
export interface FirstScreenSource {
  readonly session: () => Promise<unknown>;
  readonly hosts: () => Promise<readonly HostSummary[] | undefined>;
  readonly catalogs: () => Promise<readonly CatalogSummary[] | undefined>;
  readonly snapshot: (hash: string) => Promise<unknown>;
  readonly catalog: (hash: string) => Promise<unknown>;
  readonly cube: (choice: CubeChoice) => Promise<unknown>;
}

/** Loads all that the first screen is made from, each part as soon as it is known which; resolves with the last. */
export async function loadFirstScreen(source: FirstScreenSource, route: Route): Promise<void> {
  const parts = [source.session()];
  if (route.view === 'pivot') parts.push(source.cube(route.state), source.catalogs());
  if (route.view === 'matrix') parts.push(loadMatrix(source, route.state));
  await Promise.all(parts);
}

/** What the link does not pin is known with the list of hosts. */
async function loadMatrix(source: FirstScreenSource, { host: id, snapshot, catalog }: MatrixState): Promise<void> {
  const parts: Promise<unknown>[] = [];
  if (snapshot !== '') parts.push(source.snapshot(snapshot));
  if (catalog !== '') parts.push(source.catalog(catalog));
  const catalogs = source.catalogs();
  const host = pickHost(await source.hosts(), id);
  if (host !== null && snapshot === '') parts.push(source.snapshot(host.snapshotHash));
  if (host !== null && catalog === '') parts.push(loadCatalogOf(host));
  await Promise.all([...parts, catalogs]);

  async function loadCatalogOf(summary: HostSummary): Promise<void> {
    const hash = pickCatalog(summary, undefined) || pickCatalog(summary, await catalogs);
    if (hash !== '') await source.catalog(hash);
  }
}
