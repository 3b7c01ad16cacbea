import type { ResolutionRequest } from '../resolve/resolution.ts';
import type { PlanHost } from './fleet.ts';
import { cellObstacles, resolveOn, silence } from './predicates-cell.ts';
import { bootGuest, type BootedGuest, type GuestCpu } from './predicates-guest.ts';
import { findMoveObstacles } from './predicates-move.ts';
import { judge, type Answer, type Obstacle, type Verdict } from './predicates-obstacle.ts';

/**
 * Whether QEMU on a host gives all that a `-cpu` argument asks for on a machine type: what `enforce` would accept.
 * @throws CPU_STRING_INVALID, CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function runnable(launch: ResolutionRequest, host: PlanHost): Verdict {
  const found = resolveOn(host, launch);
  return judge(found.kind === 'none' ? found.obstacles : cellObstacles(found.host, launch, found.cell));
}

/** What libvirt says of a model on a host: `usable` and `blockers` of its domain capabilities. */
export interface LibvirtVerdict {
  readonly usable: Answer;
  readonly blockers: readonly string[];
}

export interface StartVerdict {
  /** Whether QEMU starts, with or without all features. */
  readonly qemu: Verdict;
  /** Features that it starts without. */
  readonly lost: readonly Obstacle[];
  readonly libvirt: LibvirtVerdict | null;
  /** Why the two do not say the same, by name; empty where they agree, or libvirt was not asked. */
  readonly disagreement: readonly string[];
}

/**
 * Whether QEMU starts at all, and whether libvirt would say so, too. libvirt calls a model usable exactly when QEMU
 * lists no unavailable feature; QEMU starts without them, and may refuse for other reasons.
 * @throws CPU_STRING_INVALID, CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function startable(
  launch: ResolutionRequest,
  host: PlanHost,
  libvirt: LibvirtVerdict | null = null,
): StartVerdict {
  const found = resolveOn(host, launch);
  const all = found.kind === 'none' ? found.obstacles : cellObstacles(found.host, launch, found.cell);
  const isRefused = found.kind === 'cell' && found.cell.resolution.status === 'refused';
  const hindering =
    found.kind === 'none' ? all : all.filter(({ kind, answer }) => kind === 'refusal' || answer === 'unknown');
  const qemu = judge(isRefused ? hindering.filter(({ answer }) => answer === 'no') : hindering);
  const lost = found.kind === 'none' ? [] : all.filter(({ kind, answer }) => kind !== 'refusal' && answer === 'no');
  return { qemu, lost, libvirt, disagreement: libvirt === null ? [] : disagree(qemu, lost, libvirt) };
}

function disagree(qemu: Verdict, lost: readonly Obstacle[], { usable, blockers }: LibvirtVerdict): string[] {
  if (qemu.answer === 'unknown' || usable === 'unknown' || qemu.answer === usable) return [];
  if (qemu.answer === 'no')
    return qemu.obstacles.map(({ reason }) => `libvirt calls it usable, but QEMU does not start: ${reason}`);
  const names = blockers.length > 0 ? blockers : lost.map(({ name }) => name);
  return names.map((name) => `libvirt refuses it for ${name}; QEMU starts without it`);
}

/** Whether a running VM can move to a host, and the `-cpu` argument to start the other side with. */
export interface MoveVerdict extends Verdict {
  /** Gives there exactly the CPU that the VM has; null where nothing does, or it is not known. */
  readonly line: string | null;
  /** The VM's own `-cpu` argument gives it, too. */
  readonly isOwnLine: boolean;
}

const unmoved = (obstacles: readonly Obstacle[]): MoveVerdict => ({
  ...judge(obstacles),
  line: null,
  isOwnLine: false,
});

/**
 * Whether a host can give exactly the CPU that a running VM has: every feature bit of CPUID and MSR words, state
 * components, vendor, levels, identity, address sizes, TSC frequency where the guest relies on it, machine type, and
 * the features of nested virtualisation. Proven by resolving the argument that would be used there.
 */
export function movable(guest: GuestCpu, to: PlanHost): MoveVerdict {
  const silent = silence(to);
  if (silent !== null) return unmoved([silent]);
  if (to.id === guest.host.id) return { ...judge([]), line: guest.request.cpu, isOwnLine: true };
  const { obstacles, line, isOwnLine } = findMoveObstacles(guest, to);
  const verdict = judge(obstacles);
  return verdict.answer === 'yes' ? { ...verdict, line, isOwnLine } : unmoved(obstacles);
}

/** A VM that runs on `from`, looked at from both sides. */
export interface BothWays {
  readonly there: MoveVerdict;
  /** After it booted on `to`, as it would without a plan. */
  readonly back: MoveVerdict;
}

/** Whether a VM that booted on one host can move to the other, for both of them. */
export function movableBothWays(launch: ResolutionRequest, from: PlanHost, to: PlanHost): BothWays {
  return { there: moveBooted(bootGuest(launch, from), to), back: moveBooted(bootGuest(launch, to), from) };
}

function moveBooted(booted: BootedGuest, to: PlanHost): MoveVerdict {
  return booted.kind === 'booted' ? movable(booted.guest, to) : unmoved(booted.obstacles);
}

/**
 * Whether a move is a trap: the VM can go to `to`, but once it boots there again, its `-cpu` argument gives it more than
 * where it came from can hold. The obstacles are those of the way back.
 */
export function trap(guest: GuestCpu, to: PlanHost): Verdict {
  const there = movable(guest, to);
  if (there.answer === 'no') return { answer: 'no', obstacles: [] };
  return judgeTrap(there, moveBooted(bootGuest(guest.request, to), guest.host));
}

/** Puts the way there and the way back, after a boot there, together. */
export function judgeTrap(there: Verdict, back: Verdict): Verdict {
  if (there.answer === 'no' || back.answer === 'yes') return { answer: 'no', obstacles: [] };
  if (there.answer === 'unknown') return { answer: 'unknown', obstacles: there.obstacles };
  return { answer: back.answer === 'no' ? 'yes' : 'unknown', obstacles: back.obstacles };
}
