import type { HostDirectory, HostRecord } from '../host-directory.ts';
import type { OwnHost } from '../own-host.ts';
import type { HostCommands } from './commands.ts';
import { requireReachable } from './remote-work.ts';

/** Probing a host anew: the own one, or one that joined, over the connection that it opened. */
export interface Probes {
  /** Without id: the own host. @throws HOST_NOT_FOUND, PROBE_BUSY, PROBE_FAILED, HOST_BUSY, HOST_SILENT, COMMAND_REFUSED */
  run(hostId: string | undefined): Promise<HostRecord>;
}

/** A probe takes 0.3 s; then the agent sends the snapshot before it answers. */
const timeoutMs = 60_000;

interface Parts {
  readonly hosts: HostDirectory;
  readonly ownHost: OwnHost;
  readonly commands: HostCommands;
  /** Reads hosts from the store: the agent may have told another hub what it found. */
  readonly refresh: (hostIds: readonly string[]) => Promise<void>;
}

export function createProbes({ hosts, ownHost, commands, refresh }: Parts): Probes {
  return {
    async run(hostId) {
      if (hostId === undefined || hosts.isOwn(hostId)) {
        await ownHost.probe();
        return hosts.find();
      }
      requireReachable(await hosts.find(hostId));
      await commands.ask(hostId, { kind: 'probe' }, timeoutMs);
      await refresh([hostId]);
      return hosts.find(hostId);
    },
  };
}
