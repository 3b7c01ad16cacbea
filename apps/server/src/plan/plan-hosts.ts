import { AtlasError } from '@cpu-atlas/core';
import type { PlanHost } from '@cpu-atlas/core';
import { momentOf } from '../fleet/fleet-at.ts';
import { catalogOfHost } from '../fleet/host-catalog.ts';
import type { FleetMember, HostDirectory } from '../host-directory.ts';
import { RecentMap } from '../recent-map.ts';
import type { Services } from '../services.ts';
import { createTurns } from '../turns.ts';

/** Which hosts an answer is about, and with which QEMU. */
export interface HostsWanted {
  /** Left out: the whole fleet. */
  readonly hosts?: readonly string[] | undefined;
  /** Left out: each host's own. */
  readonly catalog?: string | undefined;
  /**
   * Also tell hosts apart that differ in nothing but what the fingerprint leaves out (the TSC frequency). Each host is
   * read by itself then, which takes time.
   */
  readonly isExact?: boolean | undefined;
  /** RFC 3339; left out: now. */
  readonly at?: string | undefined;
}

/** Hosts as the planner takes them, and what was assumed of their catalogs. */
export interface HostsRead {
  readonly hosts: readonly PlanHost[];
  readonly assumptions: readonly string[];
}

export interface PlanHostReader {
  /** @throws HOST_NOT_FOUND, CATALOG_NOT_FOUND, STORE_FAILED */
  read(wanted: HostsWanted): Promise<HostsRead>;
}

type Seen = Pick<PlanHost, 'context' | 'assumption'> & {
  /** Hash of the catalog that answered; null: nothing did. */
  readonly catalogHash: string | null;
};

/** Fingerprints that are kept prepared, each with one catalog. */
const keptContexts = 512;

/**
 * Reads hosts for the planner. Hosts of one fingerprint share one prepared context, which is kept: a fleet of 10,000
 * hosts has some hundred.
 */
export function createPlanHostReader({
  hosts: directory,
  contexts,
  library,
}: Pick<Services, 'hosts' | 'contexts' | 'library'>): PlanHostReader {
  const kept = new RecentMap<string, Seen>(keptContexts);

  const isCurrent = ({ context, catalogHash }: Seen, catalog: string | undefined): boolean => {
    if ('unseen' in context || context.snapshot === null) return false;
    const use = catalog === undefined ? catalogOfHost(library, context.snapshot) : library.choose(catalog);
    return use.entry.hash === catalogHash;
  };
  const look = async (member: MemberThen, { catalog, isExact = false }: HostsWanted): Promise<Seen> => {
    const key = `${isExact ? member.snapshotHash : member.fingerprint} ${catalog ?? ''}`;
    const known = kept.get(key);
    if (known !== undefined && isCurrent(known, catalog)) return known;
    const seen = await readContext(contexts, member, catalog);
    if (!('unseen' in seen.context)) kept.set(key, seen);
    return seen;
  };

  return {
    async read(wanted) {
      const members = await readMembers(directory, wanted);
      const inThisAnswer = new Map<string, Seen>();
      const hosts: PlanHost[] = [];
      const turns = createTurns();
      for (const member of members) {
        const { id, name, labels, fingerprint, freshness } = member;
        const key = wanted.isExact === true ? (member.snapshotHash ?? fingerprint) : fingerprint;
        const seen = inThisAnswer.get(key) ?? (await look(member, wanted));
        inThisAnswer.set(key, seen);
        const { context, assumption } = seen;
        hosts.push({ id, name, labels, fingerprint, freshness: freshness.state, context, assumption });
        await turns.take();
      }
      const assumptions = new Set(hosts.flatMap(({ assumption }) => assumption ?? []));
      return { hosts, assumptions: [...assumptions] };
    },
  };
}

/** A damaged snapshot makes its host unknown, not the whole answer a fault. */
async function readContext(
  contexts: Services['contexts'],
  { snapshotHash }: MemberThen,
  catalog: string | undefined,
): Promise<Seen> {
  if (snapshotHash === null) return { context: notKnownYet, catalogHash: null };
  try {
    const { context, used } = await contexts.of({ snapshot: snapshotHash, catalog });
    return { context, assumption: used.assumption ?? undefined, catalogHash: used.hash };
  } catch (error) {
    if (!(error instanceof AtlasError) || !error.code.startsWith('SNAPSHOT_')) throw error;
    return { context: { unseen: error.message }, catalogHash: null };
  }
}

/** A host at the time that is asked for; without a snapshot: it was not known yet. */
export type MemberThen = Omit<FleetMember, 'snapshotHash'> & { readonly snapshotHash: string | null };

/** Of such a host nothing is known, neither yes nor no. */
export const notKnownYet = { unseen: 'it was not known yet at that time' } as const;

/**
 * The hosts that an answer is about, as they are or as they were. The whole fleet is those that were known then; a host that is
 * named stays, and is unknown where nothing is kept from that time.
 * @throws HOST_NOT_FOUND, STORE_FAILED
 */
export async function readMembers(
  directory: Pick<HostDirectory, 'fleet'>,
  { hosts, at }: Pick<HostsWanted, 'hosts' | 'at'>,
): Promise<readonly MemberThen[]> {
  const atMs = momentOf(at);
  if (atMs === undefined || hosts === undefined) return chooseMembers(await directory.fleet(atMs), hosts);
  const then = new Map((await directory.fleet(atMs)).map((member) => [member.id, member]));
  return chooseMembers(await directory.fleet(), hosts).map(
    (member) => then.get(member.id) ?? { ...member, snapshotHash: null, fingerprint: 'not known yet' },
  );
}

/** Those of the fleet that are named, once each. @throws HOST_NOT_FOUND */
export function chooseMembers(
  fleet: readonly FleetMember[],
  wanted: readonly string[] | undefined,
): readonly FleetMember[] {
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
