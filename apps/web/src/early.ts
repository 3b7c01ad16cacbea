/** Runs while the script of the page is on its way: asks for what the first screen is made from, so that all is awaited at once. */
import type { CatalogSummary, HostSummary } from '@cpu-atlas/contract';
import { earlyAnswers } from './api/early-answers.ts';
import { loadFirstScreen } from './api/first-screen.ts';
import { catalogPath, catalogsPath, cubePath, hostsPath, sessionPath, snapshotPath } from './api/paths.ts';
import { parseRoute } from './navigation/route.ts';
import { loadScreen } from './views/screen-loads.ts';

const route = parseRoute(new URL(location.href));
void loadScreen(route.view);
void loadFirstScreen(
  {
    session: () => earlyAnswers.ask(sessionPath),
    hosts: () => readItems<HostSummary>(hostsPath),
    catalogs: () => readItems<CatalogSummary>(catalogsPath),
    snapshot: (hash) => earlyAnswers.ask(snapshotPath(hash)),
    catalog: (hash) => earlyAnswers.ask(catalogPath(hash)),
    cube: (choice) => earlyAnswers.ask(cubePath(choice)),
  },
  route,
);

/** Asks for a list, reads it and leaves the answer to the page. */
async function readItems<T>(path: string): Promise<readonly T[] | undefined> {
  const answer = (await earlyAnswers.ask(path))?.clone();
  const list: { readonly items: readonly T[] } | undefined = await answer?.json().catch(() => undefined);
  return list?.items;
}
