import './early.ts';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { requestEarly } from './api/early-requests.ts';
import { requestVerification } from './api/queries.ts';
import { addressBarOf } from './navigation/address-bar.ts';
import { createRouteStore } from './navigation/route-store.ts';
import { RouteContext } from './navigation/use-route.ts';
import { createProofStore } from './proofs/proof-store.ts';
import { ProofContext } from './proofs/use-proofs.ts';
import { createTray, TrayContext } from './views/compare/tray.ts';
import { loadScreen } from './views/screen-loads.ts';
import { applyTheme, readTheme } from './theme/theme.ts';

/** As long an empty window looks like one that is opening. */
const patienceMs = 250;

applyTheme(readTheme());

const client = new QueryClient({ defaultOptions: { queries: { retry: 1, refetchOnWindowFocus: true } } });
const routes = createRouteStore(addressBarOf(window));
const early = [loadScreen(routes.current().view), requestEarly(client, routes.current())];
const proofs = createProofStore(requestVerification);
const tray = createTray(sessionStorage);
const root = document.getElementById('root');

/** Shows the dashboard. Answers that are nearly there are awaited, so that nothing has to stand in for them. */
async function show(element: HTMLElement): Promise<void> {
  const patience = new Promise((resolve) => setTimeout(resolve, patienceMs));
  await Promise.race([Promise.all(early), patience]);
  createRoot(element).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouteContext value={routes}>
          <ProofContext value={proofs}>
            <TrayContext value={tray}>
              <App />
            </TrayContext>
          </ProofContext>
        </RouteContext>
      </QueryClientProvider>
    </StrictMode>,
  );
}

// Not awaited here: the code of a screen imports from this script, and would wait for its end.
if (root !== null) void show(root);
