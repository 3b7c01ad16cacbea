import { AtlasError } from '@cpu-atlas/core';
import type { PlanHost } from '@cpu-atlas/core';
import type { FleetMember } from '../host-directory.ts';
import type { Services } from '../services.ts';

/** Which hosts an answer is about, and with which QEMU. */
export interface HostsSource {
  /** Left out: the whole fleet. */
  readonly hosts?: readonly string[] | undefined;
  /** Left out: each host's own. */
  readonly catalog?: string | undefined;
}

/** Hosts as the planner takes them, and what was assumed of their catalogs. */
export interface PlannedHosts {
  readonly hosts: readonly PlanHost[];
  readonly assumptions: readonly string[];
}

type Seen = Pick<PlanHost, 'context' | 'assumption'>;

/**
 * Reads hosts for the planner. Hosts of one fingerprint share one context.
 * @throws HOST_NOT_FOUND, CATALOG_NOT_FOUND, STORE_FAILED
 */
export async function readPlanHosts(
  { hosts: directory, contexts }: Pick<Services, 'hosts' | 'contexts'>,
  { hosts: wanted, catalog }: HostsSource,
): Promise<PlannedHosts> {
  const members = selectMembers(await directory.fleet(), wanted);
  const known = new Map<string, Promise<Seen>>();
  const seen = (member: FleetMember): Promise<Seen> => {
    const found = known.get(member.fingerprint) ?? readContext(contexts, member, catalog);
    known.set(member.fingerprint, found);
    return found;
  };
  const hosts: PlanHost[] = [];
  for (const member of members) {
    const { id, name, labels, fingerprint, freshness } = member;
    hosts.push({ id, name, labels, fingerprint, freshness: freshness.state, ...(await seen(member)) });
  }
  const assumptions = new Set(hosts.flatMap(({ assumption }) => assumption ?? []));
  return { hosts, assumptions: [...assumptions] };
}

/** A damaged snapshot makes its host unknown, not the whole answer a fault. */
async function readContext(
  contexts: Services['contexts'],
  { snapshotHash }: FleetMember,
  catalog: string | undefined,
): Promise<Seen> {
  try {
    const { context, used } = await contexts.of({ snapshot: snapshotHash, catalog });
    return used.assumption === null ? { context } : { context, assumption: used.assumption };
  } catch (error) {
    if (!(error instanceof AtlasError) || !error.code.startsWith('SNAPSHOT_')) throw error;
    return { context: { unseen: error.message } };
  }
}

function selectMembers(fleet: readonly FleetMember[], wanted: readonly string[] | undefined): readonly FleetMember[] {
  if (wanted === undefined) return fleet;
  const byId = new Map(fleet.map((member) => [member.id, member]));
  return [...new Set(wanted)].map((id) => {
    const member = byId.get(id);
    if (member !== undefined) return member;
    throw new AtlasError('HOST_NOT_FOUND', 'there is no host of that id', {
      where: id,
      remedy: 'take the id from GET /api/v1/hosts',
    });
  });
}
