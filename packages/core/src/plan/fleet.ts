import { assertNever } from '../errors.ts';
import type { HostFreshnessState } from '../matrix/cube.ts';
import type { ResolveContext } from '../resolve/context.ts';
import type { Accelerator, KernelIrqchip } from '../resolve/resolution.ts';

/** How lately a host was heard of. What is not fresh makes answers unknown, never wider. */
export type Freshness = HostFreshnessState;

/** A host of which nothing can be computed, and why. */
export interface UnseenHost {
  readonly unseen: string;
}

/** One host as the planner takes it. Hosts of one fingerprint come out the same in everything. */
export interface PlanHost {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly fingerprint: string;
  readonly freshness: Freshness;
  readonly context: ResolveContext | UnseenHost;
  /**
   * What was assumed for want of the host's own catalog, in plain words; absent: nothing. What a catalog that stands in
   * does not know, the host may still have.
   */
  readonly assumption?: string | undefined;
}

/** What a plan is made for: one accelerator, one machine type, one irqchip. */
export interface PlanRequest {
  readonly accel: Accelerator;
  /** Name or alias; an alias must stand for the same machine type on all hosts. */
  readonly machine: string;
  /** Absent: what the machine type does by itself. */
  readonly kernelIrqchip?: KernelIrqchip | undefined;
}

/** Hosts that come out the same in everything: equal fingerprint, equal catalog, equally fresh. */
export interface HostClass {
  /** In order of their ids. */
  readonly hosts: readonly PlanHost[];
  /** The first of `hosts`, which speaks for all. */
  readonly sample: PlanHost;
}

/** A host whose answers count, with its context. */
export type SeenHost = PlanHost & { readonly context: ResolveContext };

export function isSeen(host: PlanHost): host is SeenHost {
  return !('unseen' in host.context);
}

/** Whether answers about a host count now: it was seen, and lately. */
export function isAnswering(host: PlanHost): host is SeenHost {
  return host.freshness === 'fresh' && isSeen(host);
}

/** Why nothing that is computed of a host counts; null: it counts. */
export function silenceOf(host: PlanHost): string | null {
  if ('unseen' in host.context) return host.context.unseen;
  switch (host.freshness) {
    case 'fresh':
      return null;
    case 'stale':
      return 'it was not heard of lately, and may have changed';
    case 'unreachable':
      return 'it cannot be reached';
    default:
      return assertNever(host.freshness);
  }
}

/** Orders texts by code units, the same everywhere. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Hosts in the order of their ids, so that answers do not depend on the order in which hosts come. */
export function sortHosts<T extends Pick<PlanHost, 'id'>>(hosts: readonly T[]): T[] {
  return [...hosts].sort((a, b) => byText(a.id, b.id));
}

/**
 * Folds hosts that come out the same into classes, in the order of their first hosts. `split` keeps hosts apart that
 * are asked for by name: hosts with different words never share a class.
 */
export function foldHosts(
  hosts: readonly PlanHost[],
  split: (host: PlanHost) => string = () => '',
): readonly HostClass[] {
  const catalogs = new Map<unknown, number>();
  const numberOf = (index: unknown): number => {
    const number = catalogs.get(index) ?? catalogs.size;
    catalogs.set(index, number);
    return number;
  };
  const classes = new Map<string, PlanHost[]>();
  for (const host of sortHosts(hosts)) {
    const seen = isSeen(host) ? `${numberOf(host.context.index)}` : `unseen ${silenceOf(host) ?? ''}`;
    const key = [host.fingerprint, host.freshness, seen, host.assumption ?? '', split(host)].join('\n');
    const members = classes.get(key);
    if (members === undefined) classes.set(key, [host]);
    else members.push(host);
  }
  return [...classes.values()].map((members) => ({ hosts: members, sample: members[0] }));
}

/** Hosts of some classes. */
export function countHosts(classes: readonly Pick<HostClass, 'hosts'>[]): number {
  return classes.reduce((count, { hosts }) => count + hosts.length, 0);
}

/** `node-a, node-b, node-c and 37 more`: the first hosts of `count`. */
export function nameHosts(hosts: readonly Pick<PlanHost, 'name'>[], count: number = hosts.length): string {
  const names = hosts.slice(0, 3).map(({ name }) => name);
  return count > names.length ? `${names.join(', ')} and ${count - names.length} more` : names.join(', ');
}
