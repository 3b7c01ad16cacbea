import { createContext, use, useSyncExternalStore } from 'react';
import type { ProofStore, Proofs } from './proof-store.ts';

/** The session's proofs; the application provides them. */
export const ProofContext = createContext<ProofStore | null>(null);

export function useProofs(): { readonly proofs: Proofs; readonly prove: ProofStore['prove'] } {
  const store = use(ProofContext);
  if (store === null) throw new Error('ProofContext has no provider');
  return { proofs: useSyncExternalStore(store.subscribe, store.current), prove: store.prove };
}
