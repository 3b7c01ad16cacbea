import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openStore } from '../open-store.ts';
import { contactOf, snapshotOf } from './contact-samples.ts';

/** Writes to the store of the first argument without end, and tells each thing on stdout once it is acknowledged. */
const store = await openStore(process.argv[2] ?? '');
writeSync(1, 'open\n');

async function writeOn(writer: number): Promise<void> {
  for (;;) {
    const hash = randomUUID();
    const hostId = `host-${writer}`;
    await store.contents.putSnapshots([snapshotOf({ hash, hostId })]);
    const seenAtMs = store.nowMs();
    const [recorded] = await store.observations.recordContacts([contactOf({ hostId, snapshotHash: hash, seenAtMs })]);
    writeSync(1, `${JSON.stringify({ hostId, hash, seenAtMs, observationId: recorded?.observationId })}\n`);
  }
}

await Promise.all(Array.from({ length: 16 }, (_, writer) => writeOn(writer)));
