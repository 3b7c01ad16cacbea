import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import type { CatalogLibrary } from '../catalog-library.ts';
import { createHostDirectory, type HostDirectory } from '../host-directory.ts';
import type { OwnHost } from '../own-host.ts';
import type { RetentionPolicy, Store } from '../store/store.ts';
import { createHostCommands, type HostCommands } from './commands.ts';
import { createContactRecorder, type ContactRecorder } from './contact-recorder.ts';
import { createEventStreams, type EventStreams } from './event-streams.ts';
import { createFactsSource } from './facts-source.ts';
import type { FreshnessPolicy } from './freshness.ts';
import { createHostIndex } from './host-index.ts';
import { createIntake, type Intake } from './intake.ts';
import { createProbes, type Probes } from './probes.ts';
import { scheduleRetention } from './retention-schedule.ts';
import { recordSelf } from './self-contact.ts';
import { createSnapshotReader } from './snapshot-reader.ts';

/** The hub: all hosts that this server knows of, what they send, and what they are asked. */
export interface Fleet {
  readonly hosts: HostDirectory;
  readonly intake: Intake;
  readonly commands: HostCommands;
  /** Records that a host was heard, and keeps the lists up to date with it. */
  readonly contacts: ContactRecorder;
  readonly events: EventStreams;
  readonly probes: Probes;
  /** Reads the hosts from the store. @throws STORE_FAILED; whoever asks for hosts tries again */
  open(): Promise<void>;
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly store: Store;
  readonly ownHost: OwnHost;
  readonly library: CatalogLibrary;
  readonly policy: FreshnessPolicy;
  readonly retention: RetentionPolicy;
  readonly version: string;
  readonly nowMs: () => number;
  readonly readAllCatalogs: () => Promise<void>;
  readonly log: FastifyBaseLogger;
  readonly onStoreFault: (error: unknown) => void;
}

/** Agents that wait for commands: each costs a connection. The others get commands with their heartbeats. */
const parkedLimit = 2_000;
/** Commands that this hub gives at a time. */
const pendingLimit = 256;

export function createFleet(options: FleetOptions): Fleet {
  const { store, ownHost, library, policy, version, nowMs, readAllCatalogs, log, onStoreFault } = options;
  const index = createHostIndex({ store, policy, onFault: onStoreFault, refreshMs: policy.heartbeatMs });
  const facts = createFactsSource(store);
  const reader = createSnapshotReader();
  const contacts = createContactRecorder(store, index);
  const hosts = createHostDirectory({ store, ownHost, index, facts, library, policy, nowMs, readAllCatalogs });
  const commands = createHostCommands({
    ...{ store, parkedLimit, pendingLimit },
    makeId: randomUUID,
    onFault: onStoreFault,
  });
  const events = createEventStreams({ store, index, onFault: onStoreFault });
  const { isOwn } = hosts;
  const intake = createIntake({
    ...{ store, index, facts, reader, contacts, library, commands, policy, isOwn, readAllCatalogs },
  });
  const stopRecording = recordSelf({ store, ownHost, contacts, policy, version, onFault: onStoreFault });
  const stopForgetting = scheduleRetention({
    store,
    policy: options.retention,
    onForgotten: (report) => log.info(report, 'forgot what is not kept any longer'),
    onFault: onStoreFault,
  });
  return {
    hosts,
    intake,
    commands,
    contacts,
    events,
    probes: createProbes({ hosts, ownHost, commands, refresh: index.refresh }),
    open: () => index.open(),
    async close() {
      stopForgetting();
      events.close();
      commands.close();
      index.close();
      await Promise.all([stopRecording(), reader.close()]);
    },
  };
}
