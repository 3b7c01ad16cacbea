import type { HostClass } from '../fleet.ts';
import { movable, type MoveVerdict } from '../predicates.ts';
import { bootGuest, describeGuest, type BootedGuest, type GuestCpu } from '../predicates-guest.ts';
import type { ResolutionRequest } from '../../resolve/resolution.ts';

/**
 * Moves and boots that were looked at already. Of a guest only its CPU and some facts of the host under it matter, so
 * that a model that comes out the same on many hosts is looked at once.
 */
export class MoveMemo {
  readonly #moves = new Map<string, Map<HostClass, MoveVerdict>>();
  readonly #keys = new WeakMap<GuestCpu, string>();
  readonly #catalogs = new Map<unknown, number>();
  readonly #boots = new Map<string, Map<HostClass, BootedGuest>>();

  /** A move to another host of a class, even of the class that the guest is on: staying is no move. */
  moveOf(guest: GuestCpu, to: HostClass): MoveVerdict {
    const key = this.#keyOf(guest);
    const moves = this.#moves.get(key) ?? new Map<HostClass, MoveVerdict>();
    this.#moves.set(key, moves);
    const known = moves.get(to) ?? movable(guest, { ...to.sample, id: `another ${to.sample.id}` });
    moves.set(to, known);
    return known;
  }

  bootOn(request: ResolutionRequest, on: HostClass): BootedGuest {
    const key = JSON.stringify(request);
    const boots = this.#boots.get(key) ?? new Map<HostClass, BootedGuest>();
    this.#boots.set(key, boots);
    const known = boots.get(on) ?? bootGuest(request, on.sample);
    boots.set(on, known);
    return known;
  }

  #numberOf(index: unknown): number {
    const number = this.#catalogs.get(index) ?? this.#catalogs.size;
    this.#catalogs.set(index, number);
    return number;
  }

  /** Everything about a guest and its host that a move looks at. */
  #keyOf(guest: GuestCpu): string {
    const known = this.#keys.get(guest);
    if (known !== undefined) return known;
    const { context } = guest.host;
    const { facts } = context;
    const { capabilities = {} } = facts.kvm?.layer ?? {};
    const host = [
      this.#numberOf(context.index),
      facts.vendor,
      facts.tscKhz,
      facts.kvm?.release,
      capabilities.KVM_CAP_NESTED_STATE,
      capabilities.KVM_CAP_EXCEPTION_PAYLOAD,
    ];
    const open = guest.open.map(({ name, reason }) => [name, reason]);
    const key = `${JSON.stringify([guest.request, host, open])} ${describeGuest(context, guest.cell)}`;
    this.#keys.set(guest, key);
    return key;
  }
}
