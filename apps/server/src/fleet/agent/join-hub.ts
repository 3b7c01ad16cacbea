import { canonicalJson } from '@cpu-atlas/core';
import type { CatalogLibrary } from '../../catalog-library.ts';
import type { OwnHost } from '../../own-host.ts';
import type { Verifications } from '../../verifications.ts';
import { createAgent, type Agent, type AgentLog } from './agent.ts';
import { createHubConnection, type HubConnectionOptions } from './hub-connection.ts';

/** The hub that hears of this host. */
export interface JoinOptions extends Omit<HubConnectionOptions, 'agentVersion'> {
  /** Whether the hub may ask this host to probe, and to prove a cell with its QEMU. */
  readonly takesCommands: boolean;
}

export interface JoiningParts {
  readonly ownHost: OwnHost;
  readonly library: CatalogLibrary;
  readonly verifications: Verifications;
  readonly version: string;
  readonly log: AgentLog;
}

/** The agent of this server's own host, not started yet. */
export function joinHub({ takesCommands, ...hub }: JoinOptions, parts: JoiningParts): Agent {
  const { ownHost, library, verifications, version, log } = parts;
  return createAgent({
    hub: createHubConnection({ ...hub, agentVersion: version }),
    ownHost,
    catalogText: async (hash) => (library.has(hash) ? canonicalJson(await library.read(hash)) : null),
    verify: takesCommands ? (request) => verifications.run(request) : null,
    agentVersion: version,
    chance: Math.random,
    log,
  });
}
