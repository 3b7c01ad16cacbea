import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { createAnswerContexts, type AnswerContexts } from './answer-contexts.ts';
import type { CatalogLibrary } from './catalog-library.ts';
import { joinHub, type JoinOptions } from './fleet/agent/join-hub.ts';
import { createFleet, type Fleet } from './fleet/fleet.ts';
import { defaultFreshnessPolicy, type FreshnessPolicy } from './fleet/freshness.ts';
import { defaultRetention } from './fleet/retention-schedule.ts';
import { createLocalMachine, type Machine } from './local-machine.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import type { OwnHost } from './own-host.ts';
import { createPlanHostReader, type PlanHostReader } from './plan/plan-hosts.ts';
import type { RetentionPolicy, Store } from './store/store.ts';
import { createVerifications, type Verifications } from './verifications.ts';

export type { JoinOptions, Machine };

/** What the routes are made of. */
export interface Services extends Omit<Fleet, 'open'> {
  readonly store: Store;
  readonly ownHost: OwnHost;
  readonly library: CatalogLibrary;
  readonly contexts: AnswerContexts;
  readonly verifications: Verifications;
  /** Hosts as the planner takes them; one for all routes, since what it keeps prepared is large. */
  readonly planHosts: PlanHostReader;
  readonly metrics: Metrics;
  readonly version: string;
  /** When a host that is silent no longer counts. */
  readonly freshness: FreshnessPolicy;
  /** Reads the hosts, probes the own one and reads the catalog that answers for it; safe to call again. Answers wait for it. */
  start(): Promise<void>;
  /** Reads the catalogs that nobody needed yet. Whoever names a catalog waits for it. */
  readAllCatalogs(): Promise<void>;
  /** Ends harvests and verifications with their QEMUs, and closes the store. */
  close(): Promise<void>;
}

export interface ServiceOptions {
  /** Closed with the services. */
  readonly store: Store;
  readonly machine: Machine;
  readonly version: string;
  readonly dataDirectory: string;
  readonly shippedDirectory: string;
  readonly nowMs: () => number;
  readonly freshness?: FreshnessPolicy | undefined;
  readonly retention?: RetentionPolicy | undefined;
  /** The hub that this server tells about its host. */
  readonly join?: JoinOptions | undefined;
  /** The own host is probed anew this often; absent: on demand only. */
  readonly reprobeMs?: number | undefined;
}

export function createServices(options: ServiceOptions, log: FastifyBaseLogger): Services {
  const { store, machine, version, nowMs, join } = options;
  const freshness = options.freshness ?? defaultFreshnessPolicy;
  const onStoreFault = (error: unknown): void => log.error({ err: error }, 'the store does not answer');
  const metrics = createMetrics();
  const local = createLocalMachine({ ...options, log, onStoreFault });
  const { ownHost, library, readAllCatalogs } = local;
  const fleet = createFleet({
    ...{ store, ownHost, library, version, nowMs, readAllCatalogs, log, onStoreFault },
    policy: freshness,
    retention: options.retention ?? defaultRetention,
  });
  const { hosts, commands } = fleet;
  const contexts = createAnswerContexts({ hosts, library, readAllCatalogs });
  const verifications = createVerifications({
    hosts,
    contexts,
    commands,
    verify: machine.verify,
    onOutcome: (outcome) => metrics.countVerification(outcome),
  });
  const planHosts = createPlanHostReader({ hosts, contexts, library });
  const agent = join === undefined ? null : joinHub(join, { ownHost, library, verifications, version, log });
  const stopProbing = probeRegularly(ownHost, options.reprobeMs);
  let started: Promise<void> | null = null;
  const start = async (): Promise<void> => {
    agent?.start();
    await Promise.all([fleet.open().catch(onStoreFault), firstProbe(ownHost)]);
  };
  return {
    ...fleet,
    store,
    ownHost,
    library,
    contexts,
    verifications,
    planHosts,
    metrics,
    version,
    freshness,
    start: () => (started ??= start()),
    readAllCatalogs,
    async close() {
      stopProbing();
      await agent?.close();
      await Promise.all([local.close(), verifications.close(), fleet.close()]);
      await store.close();
    },
  };
}

/** So that a new kernel, microcode or QEMU shows. What fails is logged by the host itself. */
function probeRegularly(ownHost: OwnHost, everyMs: number | undefined): () => void {
  if (everyMs === undefined) return ignore;
  const timer = setInterval(() => void ownHost.probe().catch(ignore), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Answers wait this long for the first probe; the fleet is not hidden by a host that cannot be probed. */
const firstProbeMs = 10_000;

/** What fails here is logged, and told by each answer that needs it. */
async function firstProbe(ownHost: OwnHost): Promise<void> {
  const limit = new AbortController();
  const waited = delay(firstProbeMs, undefined, { ref: false, signal: limit.signal }).catch(ignore);
  await Promise.race([ownHost.current().then(ignore, ignore), waited]);
  limit.abort();
}

function ignore(): void {}
