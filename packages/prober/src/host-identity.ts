import { createHmac } from 'node:crypto';
import { hostname } from 'node:os';
import { readText } from './bounded-file.ts';
import type { ProbedHost } from './probed-host.ts';
import { hostPath } from './probed-host.ts';

/** Part of every host id: changing it renames every host. */
const idSalt = 'cpu-atlas/host-id/1';
const idLength = 32;

export interface HostIdentity {
  /** 32 hex digits. */
  readonly id: string;
  readonly name: string;
}

/**
 * Who this host is. The id is the same at each probe and in each release; it is keyed by the machine id, which is a
 * secret of the host (machine-id(5)) and cannot be found from it. A host without one is known by its name.
 * Never rejects.
 */
export async function identifyHost(host: ProbedHost): Promise<HostIdentity> {
  const machineId = await readMachineId(host);
  return machineId === undefined ? identifyByName() : { id: hashId(machineId), name: readHostname() };
}

/** Who this host is as far as its name tells. Reads no file. */
export function identifyByName(): HostIdentity {
  const name = readHostname();
  return { id: hashId(`hostname:${name}`), name };
}

function hashId(key: string): string {
  return createHmac('sha256', key).update(idSalt).digest('hex').slice(0, idLength);
}

async function readMachineId(host: ProbedHost): Promise<string | undefined> {
  for (const path of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    const text = await readText(hostPath(host, path));
    // Images that have not booted yet hold nothing or the word "uninitialized".
    if (text !== undefined && /^[0-9a-f]{32}$/.test(text)) return text;
  }
  return undefined;
}

/** What Linux calls a host that nobody named. Source: Linux CONFIG_DEFAULT_HOSTNAME */
const unnamed = '(none)';

/** A name to show for what `uname` says: a host without a name of its own is `localhost`. */
export function displayedName(nodename: string): string {
  return nodename === '' || nodename === unnamed ? 'localhost' : nodename;
}

function readHostname(): string {
  try {
    return displayedName(hostname());
  } catch {
    return 'localhost';
  }
}
