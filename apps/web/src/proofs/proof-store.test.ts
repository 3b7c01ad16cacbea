import type { VerificationRequest, VerificationResult } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { FaultError } from '../api/fault.ts';
import { createProofStore } from './proof-store.ts';
import { findVerdict, keyOfCell } from './proof-verdict.ts';
import type { ProvenCell } from './proof-verdict.ts';

const cell: ProvenCell = {
  snapshot: 's',
  catalog: 'c',
  accel: 'kvm',
  irqchip: '',
  model: 'EPYC',
  machines: ['pc-q35-10.0', 'pc-q35-9.2'],
};
const request: VerificationRequest = { accel: 'kvm', machine: 'pc-q35-9.2', cpu: 'EPYC' };
const key = keyOfCell(cell, 'pc-q35-9.2');

/** What the store reads of an answer; the rest of it is passed on unread. */
function answer(outcome: VerificationResult['outcome']): Promise<VerificationResult> {
  const partial: Partial<VerificationResult> = { outcome, differences: [], command: [], durationMs: 1, live: null };
  return Promise.resolve(partial as VerificationResult);
}

describe('createProofStore', () => {
  it('tells that a proof runs, then what came of it', async () => {
    const store = createProofStore(() => answer('equal'));
    const seen: (string | undefined)[] = [];
    store.subscribe(() => seen.push(store.current().get(key)?.kind));
    await store.prove(key, request);
    expect(seen).toEqual(['running', 'answered']);
  });

  it('keeps the fault of a proof that failed', async () => {
    const fault = { code: 'VERIFY_BUSY', title: 't', detail: 'd' };
    const store = createProofStore(() => Promise.reject(new FaultError(fault)));
    await store.prove(key, request);
    expect(store.current().get(key)).toEqual({ kind: 'failed', fault });
  });
});

describe('findVerdict', () => {
  it.each([
    ['equal', 'equal', 'equal'],
    ['different', 'different', 'different'],
    ['could-not-tell proves nothing', 'could-not-tell', null],
  ] as const)('%s', async (_name, outcome, expected) => {
    const store = createProofStore(() => answer(outcome));
    await store.prove(key, request);
    expect(findVerdict(store.current(), cell)).toBe(expected);
  });

  it.each([
    ['another accelerator', { accel: 'tcg' }],
    ['another catalog', { catalog: 'd' }],
    ['another snapshot', { snapshot: 't' }],
    ['another irqchip', { irqchip: 'off' }],
    ['another machine type', { machines: ['microvm'] }],
  ] as const)('says nothing of %s', async (_name, change) => {
    const store = createProofStore(() => answer('equal'));
    await store.prove(key, request);
    expect(findVerdict(store.current(), { ...cell, ...change })).toBeNull();
  });
});
