/**
 * Keeps the beginning and the end of a text of any length, as much memory as the limit at most. The first lines say what
 * went wrong, the last ones what came of it; what repeats lies between.
 */
export class BoundedText {
  readonly #head: Buffer;
  #headBytes = 0;
  /** A ring: the byte at position p of what follows the head is at p modulo its length. */
  #tail = Buffer.alloc(0);
  #tailBytes = 0;

  constructor(limitBytes: number) {
    this.#head = Buffer.allocUnsafe(Math.floor(limitBytes / 2));
  }

  append(chunk: Buffer): void {
    const taken = chunk.copy(this.#head, this.#headBytes);
    this.#headBytes += taken;
    if (taken < chunk.length) this.#appendToTail(chunk.subarray(taken));
  }

  /** The text; where something was dropped, a line of its own says how much. */
  toString(): string {
    const head = this.#head.toString('utf8', 0, this.#headBytes);
    const droppedBytes = Math.max(this.#tailBytes - this.#tail.length, 0);
    if (droppedBytes === 0) {
      return Buffer.concat([this.#head.subarray(0, this.#headBytes), this.#keptTail()]).toString('utf8');
    }
    return `${head}\n… ${droppedBytes} bytes left out …\n${this.#keptTail().toString('utf8')}`;
  }

  #appendToTail(chunk: Buffer): void {
    if (this.#tail.length === 0) this.#tail = Buffer.allocUnsafe(this.#head.length);
    const size = this.#tail.length;
    const kept = chunk.subarray(Math.max(chunk.length - size, 0));
    const start = (this.#tailBytes + chunk.length - kept.length) % size;
    const written = kept.copy(this.#tail, start);
    kept.copy(this.#tail, 0, written);
    this.#tailBytes += chunk.length;
  }

  #keptTail(): Buffer {
    if (this.#tailBytes <= this.#tail.length) return this.#tail.subarray(0, this.#tailBytes);
    const oldest = this.#tailBytes % this.#tail.length;
    return Buffer.concat([this.#tail.subarray(oldest), this.#tail.subarray(0, oldest)]);
  }
}
