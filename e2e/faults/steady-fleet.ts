import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { canonicalJson } from '@cpu-atlas/core';
import { heartbeatAnswerSchema } from '@cpu-atlas/contract';
import type { HostSnapshot } from '@cpu-atlas/core';

/** A host of the simulated fleet, which speaks to its hub as an agent does. */
export interface SteadyHost {
  readonly id: string;
  /** Of the hub, or of a network that leads there. */
  readonly url: string;
  /** What the host looks like when it speaks for the n-th time, from 0. */
  lookAt(turn: number): HostSnapshot;
  /** What it says about the age of that, ms. */
  readonly snapshotAgeMs?: number;
}

/** Hosts that speak all the time, and what is true about them. */
export interface SteadyFleet {
  /** Hashes that the hub answered for with "recorded", by host, in their order. */
  readonly acknowledged: ReadonlyMap<string, readonly string[]>;
  readonly acknowledgedCount: number;
  /** How often each answer other than 200 came. */
  readonly refusals: ReadonlyMap<number, number>;
  /** The last moment at which the hub can have heard a host, ms since 1970; null: it never spoke. */
  heardAtMostMs(host: string): number | null;
  /** These hosts say no more. Resolves when their last words are answered. */
  silence(hosts: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

interface Voice {
  isSilent: boolean;
  isSpeaking: boolean;
  endedAtMs: number | null;
  ended: Promise<void>;
}

const pauseMs = 25;
const pauseAfterFaultMs = 100;
const answerLimitMs = 10_000;

export function startSteadyFleet(hosts: readonly SteadyHost[]): SteadyFleet {
  const acknowledged = new Map<string, string[]>();
  const refusals = new Map<number, number>();
  const voices = new Map<string, Voice>();
  const onRefused = (status: number): void => void refusals.set(status, (refusals.get(status) ?? 0) + 1);
  for (const host of hosts) {
    const voice: Voice = { isSilent: false, isSpeaking: false, endedAtMs: null, ended: Promise.resolve() };
    const words: string[] = [];
    voices.set(host.id, voice);
    acknowledged.set(host.id, words);
    voice.ended = keepSpeaking(host, voice, { onAcknowledged: (hash) => words.push(hash), onRefused });
  }
  const silence = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      const voice = voices.get(id);
      if (voice !== undefined) voice.isSilent = true;
    }
    await Promise.all(ids.map((id) => voices.get(id)?.ended));
  };
  return {
    acknowledged,
    get acknowledgedCount() {
      return [...acknowledged.values()].reduce((sum, words) => sum + words.length, 0);
    },
    refusals,
    heardAtMostMs(id) {
      const voice = voices.get(id);
      if (voice === undefined) return null;
      return voice.isSpeaking ? Date.now() : voice.endedAtMs;
    },
    silence,
    stop: () => silence([...voices.keys()]),
  };
}

interface Listener {
  onAcknowledged(hash: string): void;
  onRefused(status: number): void;
}

async function keepSpeaking(host: SteadyHost, voice: Voice, listener: Listener): Promise<void> {
  for (let turn = 0; !voice.isSilent; turn += 1) {
    voice.isSpeaking = true;
    const isHeard = await speak(host, turn, listener).catch(() => false);
    voice.endedAtMs = Date.now();
    voice.isSpeaking = false;
    // What was not acknowledged is said again, as an agent that keeps its newest state does.
    if (!isHeard) turn -= 1;
    await delay(isHeard ? pauseMs : pauseAfterFaultMs);
  }
}

/** One round of an agent: it says its hash, sends what is wanted, and says it again. False: the hub refused. */
async function speak(host: SteadyHost, turn: number, { onAcknowledged, onRefused }: Listener): Promise<boolean> {
  const snapshot = host.lookAt(turn);
  const hash = hashOf(snapshot);
  const api = `${host.url}/api/v1`;
  const ask = async (url: string, request: RequestInit): Promise<Response | null> => {
    const reply = await fetch(url, { ...request, signal: AbortSignal.timeout(answerLimitMs) });
    if (reply.ok) return reply;
    onRefused(reply.status);
    await reply.body?.cancel();
    return null;
  };
  const beat = async (): Promise<{ readonly isRecorded: boolean } | null> => {
    const said = { snapshot: hash, snapshotAgeMs: host.snapshotAgeMs ?? 0, agentVersion: 'e2e', takesCommands: false };
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(said);
    const reply = await ask(`${api}/hosts/${host.id}/heartbeats`, { method: 'POST', headers, body });
    return reply === null ? null : heartbeatAnswerSchema.parse(await reply.json());
  };
  let answer = await beat();
  if (answer?.isRecorded === false) {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const body = gzipSync(JSON.stringify(snapshot));
    if ((await ask(`${api}/snapshots/${hash}`, { method: 'PUT', headers, body })) === null) return false;
    answer = await beat();
  }
  if (answer?.isRecorded !== true) return false;
  onAcknowledged(hash);
  return true;
}

function hashOf({ collectedAt: _, ...seen }: HostSnapshot): string {
  return `sha256:${createHash('sha256').update(canonicalJson(seen)).digest('hex')}`;
}
