import { AtlasError } from '@cpu-atlas/core';
import type { Contact, RecordedContact, Store } from '../store/store.ts';
import type { HeartbeatNote, HostIndex } from './host-index.ts';

/** Writes contacts and keeps the index up to date with them. The store commits those of one moment together. */
export interface ContactRecorder {
  /** Resolves when the contact is stored and the index knows of it. @throws STORE_FAILED, STORE_BUSY, SNAPSHOT_NOT_FOUND */
  record(contact: Contact, note: HeartbeatNote): Promise<RecordedContact>;
  /** Contacts that were stored since the start. */
  readonly recorded: number;
  /** Contacts that wait for the store. */
  readonly waiting: number;
  /** Milliseconds that the store took for the last one; null before the first. */
  readonly lastMs: number | null;
}

export function createContactRecorder(store: Store, index: HostIndex): ContactRecorder {
  let waiting = 0;
  let recorded = 0;
  let lastMs: number | null = null;

  const write = async (contact: Contact): Promise<RecordedContact> => {
    const startedAt = performance.now();
    const [row] = await store.observations.recordContacts([contact]);
    lastMs = performance.now() - startedAt;
    if (row === undefined) throw new AtlasError('INTERNAL', 'the store did not answer for a contact');
    return row;
  };

  return {
    async record(contact, note) {
      waiting += 1;
      try {
        const row = await write(contact);
        recorded += 1;
        if (row.kind !== 'contact') await index.refresh([contact.hostId]);
        index.noteContact(contact, note);
        return row;
      } finally {
        waiting -= 1;
      }
    },
    get recorded() {
      return recorded;
    },
    get waiting() {
      return waiting;
    },
    get lastMs() {
      return lastMs;
    },
  };
}
