import { AtlasError } from '@cpu-atlas/core';
import type { HostRecord } from '../host-directory.ts';

/**
 * Refuses work for a host that will not do it.
 * @throws COMMAND_REFUSED, HOST_SILENT
 */
export function requireReachable({ id, freshness, summary }: HostRecord): void {
  if (summary.source === 'agent' && freshness.state === 'unreachable') {
    const lastSeen = new Date(freshness.lastSeenAtMs).toISOString();
    throw new AtlasError('HOST_SILENT', `the host was last heard at ${lastSeen}`, {
      where: id,
      remedy: 'look at its agent: does it run, does it reach this hub?',
    });
  }
  if (summary.takesCommands) return;
  const reason = summary.source === 'agent' ? 'its agent takes no commands' : 'no CPU Atlas runs there';
  throw new AtlasError('COMMAND_REFUSED', `the host cannot be asked: ${reason}`, {
    where: id,
    remedy: 'run cpu-atlas probe or cpu-atlas verify on the host itself',
  });
}
