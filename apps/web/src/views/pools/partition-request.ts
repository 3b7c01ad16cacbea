import type { HostSummary } from '@cpu-atlas/contract';
import type { AskedPlan } from '../../api/queries.ts';
import type { ViewState } from '../../navigation/route.ts';

/** Names typed by hand: lists apart by `;`, hosts by spaces or commas. */
export interface NamedLists {
  readonly lists: readonly (readonly string[])[];
  /** Names that no chosen host has, or several have. */
  readonly unknown: readonly string[];
}

/** Finds the hosts of lists like `node-1, node-2; node-7 node-9`, by name or id. */
export function readHostLists(text: string, hosts: readonly HostSummary[]): NamedLists {
  const unknown: string[] = [];
  const idOf = (word: string): readonly string[] => {
    const found = hosts.filter(({ id, name }) => id === word || name === word);
    const exact = found.find(({ id }) => id === word) ?? (found.length === 1 ? found[0] : undefined);
    if (exact !== undefined) return [exact.id];
    unknown.push(word);
    return [];
  };
  const lists = text.split(';').map((part) =>
    part
      .split(/[\s,]+/)
      .filter((word) => word !== '')
      .flatMap(idOf),
  );
  return { lists: lists.filter((list) => list.length > 0), unknown };
}

/** Hosts of equal values of a label, one list a value; hosts without it are free. */
export function groupByLabel(hosts: readonly HostSummary[], label: string): readonly (readonly string[])[] {
  const groups = new Map<string, string[]>();
  for (const { id, labels } of hosts) {
    const value = labels[label];
    if (value === undefined) continue;
    const group = groups.get(value);
    if (group === undefined) groups.set(value, [id]);
    else group.push(id);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

type Wishes = Pick<
  ViewState<'pools'>,
  'minHosts' | 'maxPools' | 'level' | 'required' | 'load' | 'countsNested' | 'togetherBy' | 'together' | 'apart'
>;

/** What the optimiser is asked for, beside which hosts. Lists that name unknown hosts are not sent at all. */
export function writePartition(wishes: Wishes, hosts: readonly HostSummary[]): Omit<AskedPlan<'pools'>, 'kind'> {
  const together = [
    ...(wishes.togetherBy === '' ? [] : groupByLabel(hosts, wishes.togetherBy)),
    ...readHostLists(wishes.together, hosts).lists,
  ];
  const apart = readHostLists(wishes.apart, hosts).lists.filter((list) => list.length > 1);
  return {
    maxPools: wishes.maxPools,
    load: wishes.load / 100,
    countsNested: wishes.countsNested,
    constraints: {
      minHosts: wishes.minHosts,
      ...(together.length === 0 ? {} : { together }),
      ...(apart.length === 0 ? {} : { apart }),
      ...(wishes.required.length === 0 ? {} : { requiredFeatures: wishes.required }),
      ...(wishes.level === '' ? {} : { requiredAbiLevel: Number(wishes.level) }),
    },
  };
}
