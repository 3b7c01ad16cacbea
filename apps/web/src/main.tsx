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
import { applyTheme, readTheme } from './theme/theme.ts';

/** As long an empty window looks like one that is opening. */
const patienceMs = 100;

applyTheme(readTheme());

const client = new QueryClient({ defaultOptions: { queries: { retry: 1, refetchOnWindowFocus: true } } });
const routes = createRouteStore(addressBarOf(window));
const early = requestEarly(client, routes.current());
const proofs = createProofStore(requestVerification);
const tray = createTray(sessionStorage);
const root = document.getElementById('root');

if (root !== null) {
  // Answers that are nearly there are shown at once, without a moment of what stands for them.
  await Promise.race([early, new Promise((resolve) => setTimeout(resolve, patienceMs))]);
  createRoot(root).render(
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
