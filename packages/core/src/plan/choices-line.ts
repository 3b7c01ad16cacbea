import type { ResolutionRequest } from '../resolve/resolution.ts';
import { isSeen, type HostClass, type PlanRequest, type SeenHost } from './fleet.ts';
import type { Steps } from './fleet-steps.ts';
import { covers, probeClass, silentlyDropped, type Probe, type ProbeMemory } from './choices-probe.ts';

/** A `-cpu` argument made to start on every host that answers, and what was changed for that. */
export interface PoolLine {
  readonly cpu: string;
  /** Features that some host lacks. */
  readonly removed: readonly string[];
  /** Features that KVM drops in silence and no host can give; switched off so that the line means the same everywhere. */
  readonly pinned: readonly string[];
  /** Wished-for features that every host has. */
  readonly added: readonly string[];
}

/** Rounds of dropping what is filtered: a feature that goes can take others with it. */
const rounds = 4;

/** A class of hosts and what it makes of the bare model. */
export interface ProbedClass {
  readonly members: HostClass;
  readonly probe: Probe;
}

const launchOf = (request: PlanRequest, cpu: string): ResolutionRequest => ({
  accel: request.accel,
  machine: request.machine,
  cpu,
  kernelIrqchip: request.kernelIrqchip,
});

/** Puts a line together; a feature stands in it once. */
function write(model: string, { removed, pinned, added }: Omit<PoolLine, 'cpu'>): string {
  return [
    model,
    ...added.map((name) => `+${name}`),
    ...removed.map((name) => `-${name}`),
    ...pinned.map((name) => `-${name}`),
  ].join(',');
}

/** What has to go so that one class starts with `enforce`. */
function hindering(probe: Probe): readonly string[] {
  return probe.kind === 'none' ? [] : [...probe.filtered, ...probe.aborting];
}

/** Classes that are looked at before somebody else gets a turn. */
const classesInOneGo = 16;

/** Probes all classes. */
export function* probeClasses(
  classes: readonly HostClass[],
  launch: ResolutionRequest,
  memory: ProbeMemory,
): Steps<readonly ProbedClass[]> {
  const probed: ProbedClass[] = [];
  for (const members of classes) {
    if (probed.length % classesInOneGo === 0) yield;
    probed.push({ members, probe: probeClass(members, launch, memory) });
  }
  return probed;
}

/** A line, and what the hosts that answer make of it. */
export interface ComposedLine {
  readonly line: PoolLine;
  readonly started: readonly ProbedClass[];
}

/**
 * The line for a model: without what some host lacks, with the wished-for features that all have. Only hosts that
 * answer are looked at; whether the line holds is proven afterwards.
 */
export function* composeLine(
  model: string,
  request: PlanRequest,
  classes: readonly ProbedClass[],
  wished: readonly string[],
  memory: ProbeMemory,
): Steps<ComposedLine> {
  const able = classes.filter(({ probe }) => probe.kind === 'settled');
  const removed = new Set<string>();
  const added = new Set(
    able.length === 0 ? [] : wished.filter((name) => able.every(({ probe }) => canAdd(probe, name))),
  );
  let started: readonly ProbedClass[] = able;
  for (let round = 0; round < rounds; round++) {
    const names = new Set(started.flatMap(({ probe }) => hindering(probe)));
    if (names.size === 0 && (round > 0 || added.size === 0)) break;
    for (const name of names) if (!added.delete(name)) removed.add(name);
    const cpu = write(model, { removed: [...removed], pinned: [], added: [...added] });
    started = yield* probeClasses(
      able.map(({ members }) => members),
      launchOf(request, cpu),
      memory,
    );
  }
  const pinned = pinnedFeatures(model, request, able).filter((name) => !removed.has(name) && !added.has(name));
  const parts = { removed: [...removed], pinned, added: [...added] };
  return { line: { ...parts, cpu: write(model, parts) }, started };
}

function canAdd(probe: Probe, name: string): boolean {
  if (probe.kind === 'none') return false;
  const location = probe.context.index.features.get(name);
  if (location === undefined || !covers(probe.support.supported, location)) return false;
  return !covers(probe.effective, location);
}

function pinnedFeatures(model: string, request: PlanRequest, able: readonly ProbedClass[]): string[] {
  if (request.accel !== 'kvm') return [];
  const hosts = able.flatMap(({ members: { sample }, probe }) =>
    isSeen(sample) && probe.kind === 'settled' ? [{ sample, probe }] : [],
  );
  const isGivenSomewhere = (name: string): boolean =>
    hosts.some(({ sample, probe }) => {
      const location = sample.context.index.features.get(name);
      return location !== undefined && covers(probe.support.supported, location);
    });
  const isKnownEverywhere = (name: string): boolean =>
    hosts.every(({ sample }: { readonly sample: SeenHost }) => sample.context.index.features.has(name));
  const indexes = new Set(hosts.map(({ sample }) => sample.context.index));
  const dropped = new Set([...indexes].flatMap((index) => silentlyDropped(index, request.machine, model)));
  return [...dropped].filter((name) => isKnownEverywhere(name) && !isGivenSomewhere(name));
}
