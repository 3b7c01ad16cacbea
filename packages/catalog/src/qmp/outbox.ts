import type { Writable } from 'node:stream';

interface Entry {
  readonly id: number;
  readonly line: string;
}

const batchCharacters = 64 * 1024;

/** Lines on their way to a stream: as many in one write as make sense, and no more than the stream takes. */
export class Outbox {
  readonly #stream: Writable;
  #waiting: Entry[] = [];
  #isBlocked = false;
  #isClosed = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('drain', this.#onDrain);
  }

  /** Writes the line now or, when the stream is full, later. */
  send(id: number, line: string): void {
    if (this.#isClosed) return;
    this.#waiting.push({ id, line });
    this.#flush();
  }

  /** Takes a line back; false when it is already written. */
  withdraw(id: number): boolean {
    const index = this.#waiting.findIndex((entry) => entry.id === id);
    if (index !== -1) this.#waiting.splice(index, 1);
    return index !== -1;
  }

  /** Drops what was not written. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#stream.off('drain', this.#onDrain);
  }

  readonly #onDrain = (): void => {
    this.#isBlocked = false;
    this.#flush();
  };

  #flush(): void {
    while (!this.#isBlocked && this.#waiting.length > 0) this.#isBlocked = !this.#stream.write(this.#takeBatch());
  }

  #takeBatch(): string {
    let batch = '';
    let count = 0;
    for (const { line } of this.#waiting) {
      if (count > 0 && batch.length + line.length > batchCharacters) break;
      batch += line;
      count++;
    }
    this.#waiting.splice(0, count);
    return batch;
  }
}
