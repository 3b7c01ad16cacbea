import type { HostFreshnessState } from '@cpu-atlas/core';
import type { HostSource } from '../store/store.ts';

/**
 * Whether what is known of a host can still be believed. Only the hub's own clock (that of its store) is asked; a host's
 * clock may be wrong.
 *
 * - fresh: heard lately, counts in answers.
 * - stale: missed several heartbeats (or, for an import, the snapshot is old); unknown in answers.
 * - unreachable: missed many; unknown in answers, and commands are refused at once.
 */
export type FreshnessState = HostFreshnessState;

/** What answers about many hosts need of each: whether it counts, and since when it is silent. */
export interface HostFreshness {
  readonly state: FreshnessState;
  /** On the store's clock. */
  readonly lastSeenAtMs: number;
  /** Never below 0. */
  readonly silentMs: number;
  /** When a fresh host stops being fresh unless it is heard, on the same clock; of any other host, Infinity. */
  readonly freshUntilMs: number;
}

export interface FreshnessPolicy {
  /** What agents are told as the time between two heartbeats. */
  readonly heartbeatMs: number;
  /** Silence of this many heartbeats makes a host stale. */
  readonly staleAfterMissed: number;
  /** Silence of this many heartbeats makes a host unreachable. */
  readonly unreachableAfterMissed: number;
  /** An imported snapshot that was taken longer ago is stale. */
  readonly importStaleAfterMs: number;
  /** A last contact that lies further in the future means that a clock jumped: nobody knows how old it is. */
  readonly clockToleranceMs: number;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

export const defaultFreshnessPolicy: FreshnessPolicy = {
  heartbeatMs: 30_000,
  staleAfterMissed: 3,
  unreachableAfterMissed: 10,
  importStaleAfterMs: 30 * dayMs,
  clockToleranceMs: minuteMs,
};

/** When a host was heard, and how it is known. */
export interface LastContact {
  readonly source: HostSource;
  /** When its snapshot was taken, on the store's clock. */
  readonly collectedAtMs: number;
  readonly lastSeenAtMs: number;
}

/** The freshness of a host at a time on the store's clock. */
export function freshnessOf(contact: LastContact, nowMs: number, policy: FreshnessPolicy): HostFreshness {
  const { lastSeenAtMs } = contact;
  const state = stateOf(contact, nowMs, policy);
  const freshUntilMs =
    state === 'fresh' ? lastTold(contact) + silenceLimits(contact.source, policy).staleMs : Number.POSITIVE_INFINITY;
  return { state, lastSeenAtMs, silentMs: Math.max(0, nowMs - lastSeenAtMs), freshUntilMs };
}

/** Nothing speaks for an import but its snapshot; nobody expects it to be heard again. */
function lastTold({ source, collectedAtMs, lastSeenAtMs }: LastContact): number {
  return source === 'import' ? collectedAtMs : lastSeenAtMs;
}

function stateOf(contact: LastContact, nowMs: number, policy: FreshnessPolicy): FreshnessState {
  const limits = silenceLimits(contact.source, policy);
  const silentMs = nowMs - lastTold(contact);
  if (silentMs < -policy.clockToleranceMs) return 'stale';
  if (silentMs <= limits.staleMs) return 'fresh';
  return silentMs <= limits.unreachableMs ? 'stale' : 'unreachable';
}

/** Silences, in milliseconds, up to which a host is fresh and up to which it is stale. */
export function silenceLimits(
  source: HostSource,
  policy: FreshnessPolicy,
): { readonly staleMs: number; readonly unreachableMs: number } {
  if (source === 'import') return { staleMs: policy.importStaleAfterMs, unreachableMs: Number.POSITIVE_INFINITY };
  return {
    staleMs: policy.heartbeatMs * policy.staleAfterMissed,
    unreachableMs: policy.heartbeatMs * policy.unreachableAfterMissed,
  };
}

/** The silence after which the same snapshot counts as a new observation, so that the gap shows in the timeline. */
export function gapAfterMs(policy: FreshnessPolicy): number {
  return policy.heartbeatMs * policy.unreachableAfterMissed;
}

/** Whether a host counts in answers; any other is unknown in them. */
export function isFresh({ state }: HostFreshness): boolean {
  return state === 'fresh';
}
