import { describe, expect, it } from 'vitest';
import type { HostSource } from '../store/store.ts';
import { defaultFreshnessPolicy, freshnessOf, type FreshnessState } from './freshness.ts';

const nowMs = Date.parse('2026-11-22T13:00:00Z');
const secondMs = 1_000;
const dayMs = 86_400_000;

const rows: readonly [what: string, source: HostSource, silentMs: number, ageMs: number, expected: FreshnessState][] = [
  ['an agent heard just now is fresh', 'agent', 0, 0, 'fresh'],
  ['an agent that is one heartbeat late is fresh', 'agent', 31 * secondMs, 0, 'fresh'],
  ['an agent that missed three heartbeats is stale', 'agent', 91 * secondMs, 0, 'stale'],
  ['an agent that missed ten is unreachable', 'agent', 301 * secondMs, 0, 'unreachable'],
  ['an agent whose snapshot is old, but which says that it holds, is fresh', 'agent', secondMs, 90 * dayMs, 'fresh'],
  ['an agent heard a little in the future (clocks differ) is fresh', 'agent', -30 * secondMs, 0, 'fresh'],
  ['an agent heard far in the future is not fresh: a clock jumped', 'agent', -61 * secondMs, 0, 'stale'],
  ['the own host is judged as an agent is', 'self', 91 * secondMs, 0, 'stale'],
  ['a demo host is judged as an agent is', 'demo', 301 * secondMs, 0, 'unreachable'],
  ['an import of last week is fresh, though it is never heard again', 'import', 7 * dayMs, 7 * dayMs, 'fresh'],
  ['an import of two months ago is stale, though it was uploaded just now', 'import', 0, 61 * dayMs, 'stale'],
  ['an import is never unreachable: nobody expects it to be heard', 'import', 900 * dayMs, 900 * dayMs, 'stale'],
  ['an import that claims to be of next year is not fresh', 'import', 0, -365 * dayMs, 'stale'],
];

describe('freshness', () => {
  it.each(rows)('%s', (_, source, silentMs, ageMs, expected) => {
    const contact = { source, lastSeenAtMs: nowMs - silentMs, collectedAtMs: nowMs - ageMs };
    const freshness = freshnessOf(contact, nowMs, defaultFreshnessPolicy);
    expect(freshness.state).toBe(expected);
    if (freshness.state === 'fresh') {
      const { freshUntilMs } = freshness;
      expect(freshnessOf(contact, freshUntilMs, defaultFreshnessPolicy).state).toBe('fresh');
      expect(freshnessOf(contact, freshUntilMs + 1, defaultFreshnessPolicy).state).not.toBe('fresh');
    } else expect(freshness.freshUntilMs).toBe(Number.POSITIVE_INFINITY);
    expect(freshness.silentMs).toBe(Math.max(0, silentMs));
  });

  it('only ever falls while nothing is heard', () => {
    const order: readonly FreshnessState[] = ['fresh', 'stale', 'unreachable'];
    let worst = 0;
    for (let silentMs = 0; silentMs < 400_000; silentMs += 500) {
      const contact = { source: 'agent', lastSeenAtMs: nowMs - silentMs, collectedAtMs: nowMs } as const;
      const at = order.indexOf(freshnessOf(contact, nowMs, defaultFreshnessPolicy).state);
      expect(at).toBeGreaterThanOrEqual(worst);
      worst = at;
    }
    expect(worst).toBe(2);
  });

  it('follows the policy', () => {
    const policy = { ...defaultFreshnessPolicy, heartbeatMs: 1_000, staleAfterMissed: 2, unreachableAfterMissed: 4 };
    const states = [2_000, 2_001, 4_000, 4_001].map(
      (silentMs) =>
        freshnessOf({ source: 'agent', lastSeenAtMs: nowMs - silentMs, collectedAtMs: 0 }, nowMs, policy).state,
    );
    expect(states).toEqual(['fresh', 'stale', 'stale', 'unreachable']);
  });
});
