import type { VerificationRequest, VerificationResult } from '@cpu-atlas/contract';
import { faultOf } from '../api/fault.ts';
import type { Fault } from '../api/fault.ts';

/** What is known of the proof of one cell in this session. */
export type Proof =
  | { readonly kind: 'running' }
  | { readonly kind: 'answered'; readonly result: VerificationResult }
  | { readonly kind: 'failed'; readonly fault: Fault };

export type Proofs = ReadonlyMap<string, Proof>;

export interface ProofStore {
  readonly current: () => Proofs;
  readonly subscribe: (onChange: () => void) => () => void;
  readonly prove: (key: string, request: VerificationRequest) => Promise<void>;
}

/** What decides the outcome of a proof, as one string. */
export function proofKey(parts: {
  readonly snapshot: string;
  readonly catalog: string;
  readonly accel: string;
  readonly irqchip: string;
  readonly machine: string;
  readonly cpu: string;
}): string {
  const { snapshot, catalog, accel, irqchip, machine, cpu } = parts;
  return [snapshot, catalog, accel, irqchip, machine, cpu].join('\n');
}

/** Remembers proofs while the page is open, so that a proven cell keeps its tick. */
export function createProofStore(ask: (request: VerificationRequest) => Promise<VerificationResult>): ProofStore {
  const listeners = new Set<() => void>();
  let proofs: Proofs = new Map();
  const set = (key: string, proof: Proof) => {
    proofs = new Map(proofs).set(key, proof);
    listeners.forEach((onChange) => onChange());
  };
  return {
    current: () => proofs,
    subscribe: (onChange) => {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    prove: async (key, request) => {
      set(key, { kind: 'running' });
      try {
        set(key, { kind: 'answered', result: await ask(request) });
      } catch (thrown) {
        set(key, { kind: 'failed', fault: faultOf(thrown) });
      }
    },
  };
}
