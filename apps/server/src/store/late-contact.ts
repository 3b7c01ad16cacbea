import type { Contact, ObservationRow } from './store.ts';

/** The observations around the time of a late contact. */
export interface Surroundings {
  /** The last one that began then or earlier. */
  readonly before: ObservationRow | null;
  /** The first one that began later. */
  readonly after: ObservationRow | null;
}

/** What a late contact does to the past of its host. */
export interface LateOutcome {
  readonly kind: 'contact' | 'new-observation';
  readonly observationId: string;
  /** Rows to write, by id: added or changed. */
  readonly rows: readonly ObservationRow[];
  /** Of `before`, where it was split: the part after the contact, which is current if `before` was. */
  readonly continuedAs: string | null;
}

/**
 * Places a contact that was overtaken by a later one of its host, as it happens when two hubs hear one host. What the host
 * looked like at that time is kept; what it looks like now does not move.
 *
 * | at that time               | the same snapshot | another one                                   |
 * |----------------------------|-------------------|-----------------------------------------------|
 * | inside an observation      | nothing is new    | that observation is split in two around it    |
 * | at its very end            | nothing is new    | it ends a millisecond earlier                 |
 * | a gap or less after one    | that one is longer| a new observation in between                  |
 * | a gap or less before one   | it began earlier  | a new observation in between                  |
 */
export function placeLateContact(contact: Contact, { before, after }: Surroundings, nextId: () => string): LateOutcome {
  const { seenAtMs, snapshotHash, gapAfterMs } = contact;
  if (before !== null && before.snapshotHash === snapshotHash) {
    if (seenAtMs <= before.lastSeenAtMs) return moved(before, []);
    if (seenAtMs - before.lastSeenAtMs <= gapAfterMs) return moved(before, [{ ...before, lastSeenAtMs: seenAtMs }]);
  }
  if (before !== null && seenAtMs < before.lastSeenAtMs) return split(contact, before, nextId);
  if (before !== null && seenAtMs === before.lastSeenAtMs && before.firstSeenAtMs < seenAtMs) {
    // That end may be one that another split made up; no two observations hold the same moment.
    const added = spanOf(contact, nextId());
    const rows = [{ ...before, lastSeenAtMs: seenAtMs - 1 }, added];
    return { kind: 'new-observation', observationId: added.id, rows, continuedAs: null };
  }
  if (after !== null && after.snapshotHash === snapshotHash && after.firstSeenAtMs - seenAtMs <= gapAfterMs) {
    return moved(after, [{ ...after, firstSeenAtMs: seenAtMs }]);
  }
  const added = spanOf(contact, nextId());
  return { kind: 'new-observation', observationId: added.id, rows: [added], continuedAs: null };
}

function moved({ id }: ObservationRow, rows: readonly ObservationRow[]): LateOutcome {
  return { kind: 'contact', observationId: id, rows, continuedAs: null };
}

/** The host looked otherwise for a moment, and as before again afterwards. */
function split(contact: Contact, around: ObservationRow, nextId: () => string): LateOutcome {
  const added = spanOf(contact, nextId());
  const rest = { ...around, firstSeenAtMs: contact.seenAtMs + 1 };
  if (around.firstSeenAtMs === contact.seenAtMs) {
    return { kind: 'new-observation', observationId: added.id, rows: [added, rest], continuedAs: null };
  }
  const head = { ...around, lastSeenAtMs: contact.seenAtMs - 1 };
  const tail = { ...rest, id: nextId() };
  return { kind: 'new-observation', observationId: added.id, rows: [head, added, tail], continuedAs: tail.id };
}

function spanOf(contact: Contact, id: string): ObservationRow {
  const { hostId, snapshotHash, fingerprint, collectedAtMs, seenAtMs } = contact;
  const span = { firstSeenAtMs: seenAtMs, lastSeenAtMs: seenAtMs };
  return { id, hostId, snapshotHash, fingerprint, collectedAtMs, ...span };
}
