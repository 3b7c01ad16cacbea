import type { HostSummary } from '@cpu-atlas/contract';

/** Which hosts a link chooses. */
export interface HostChoice {
  /** By id; null: those that the filters leave. */
  readonly hosts: readonly string[] | null;
  readonly search: string;
  readonly labels: readonly string[];
}

export interface HostSelection {
  readonly chosen: readonly HostSummary[];
  /** Ids that the link names and this fleet does not know. */
  readonly missing: readonly string[];
  readonly isWhole: boolean;
}

/** Hosts with every word in name, id, labels, CPU, vendor or kernel, and one of the values of each label. */
export function filterHosts(
  hosts: readonly HostSummary[],
  { search, labels }: Omit<HostChoice, 'hosts'>,
): readonly HostSummary[] {
  const words = search.trim().toLowerCase().split(/\s+/);
  const wanted = new Map<string, Set<string>>();
  for (const label of labels) {
    const [name, value] = splitLabel(label);
    wanted.set(name, (wanted.get(name) ?? new Set()).add(value));
  }
  return hosts.filter(
    (host) =>
      [...wanted].every(([name, values]) => values.has(host.labels[name] ?? '')) &&
      words.every((word) => textOf(host).includes(word)),
  );
}

function textOf({ name, id, labels, cpuName, vendor, kernelRelease }: HostSummary): string {
  const own = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return [name, id, ...own, cpuName, vendor, kernelRelease].join(' ').toLowerCase();
}

function splitLabel(label: string): readonly [string, string] {
  const at = label.indexOf('=');
  return at < 0 ? [label, ''] : [label.slice(0, at), label.slice(at + 1)];
}

export function selectHosts(hosts: readonly HostSummary[], choice: HostChoice): HostSelection {
  if (choice.hosts === null) {
    const chosen = filterHosts(hosts, choice);
    return { chosen, missing: [], isWhole: chosen.length === hosts.length };
  }
  const wanted = new Set(choice.hosts);
  const chosen = hosts.filter(({ id }) => wanted.has(id));
  const known = new Set(chosen.map(({ id }) => id));
  const missing = [...wanted].filter((id) => !known.has(id));
  return { chosen, missing, isWhole: missing.length === 0 && chosen.length === hosts.length };
}

/** Hosts that come out the same in everything. */
export interface HostFold {
  /** Id of the first one. */
  readonly key: string;
  readonly hosts: readonly [HostSummary, ...(readonly HostSummary[])];
}

/** Folds hosts of one fingerprint that are equally fresh. */
export function foldClasses(hosts: readonly HostSummary[]): readonly HostFold[] {
  const classes = new Map<string, [HostSummary, ...HostSummary[]]>();
  for (const host of hosts) {
    const key = `${host.fingerprint} ${host.freshness.state}`;
    const members = classes.get(key);
    if (members === undefined) classes.set(key, [host]);
    else members.push(host);
  }
  return [...classes.values()].map((members) => ({ key: members[0].id, hosts: members }));
}

/** `node-1`, `node-1 … ×4`. */
export function nameFold({ hosts }: HostFold): string {
  return hosts.length === 1 ? hosts[0].name : `${hosts[0].name} … ×${hosts.length}`;
}

/** All labels of some hosts, each with its values and how many hosts have it. */
export function listLabels(
  hosts: readonly HostSummary[],
): readonly { readonly label: string; readonly name: string; readonly count: number }[] {
  const counts = new Map<string, { readonly name: string; count: number }>();
  for (const { labels } of hosts) {
    for (const [name, value] of Object.entries(labels)) {
      const known = counts.get(`${name}=${value}`);
      if (known === undefined) counts.set(`${name}=${value}`, { name, count: 1 });
      else known.count += 1;
    }
  }
  return [...counts].map(([label, counted]) => ({ label, ...counted })).sort((a, b) => compare(a.label, b.label));
}

const compare = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

/** Differs whenever what is known of a host, or whether it is believed, does. */
export function stampOf(hosts: readonly HostSummary[]): string {
  let [low, high] = [0x811c9dc5, 0x9e3779b9];
  for (const { id, snapshotHash, freshness } of hosts) {
    for (const character of `${id} ${snapshotHash} ${freshness.state};`) {
      low = Math.imul(low ^ character.charCodeAt(0), 0x01000193);
      high = Math.imul(high ^ low, 0x85ebca6b);
    }
  }
  return `${(high >>> 0).toString(16)}${(low >>> 0).toString(16)}`;
}
