import { AtlasError } from '@cpu-atlas/core';

const newline = 0x0a;

/**
 * Cuts a byte stream into lines. Pieces of an unfinished line are kept as they came and joined once, so that a reply of
 * many megabytes costs one copy.
 */
export class LineSplitter {
  readonly #limitBytes: number;
  #pieces: Buffer[] = [];
  #sizeBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Size of the line that has begun and not ended. */
  get unfinishedBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Takes the next bytes of the stream; yields each line that they end, without its newline.
   * @throws QMP_PROTOCOL when a line is longer than the limit
   */
  *push(chunk: Buffer): Generator<Buffer> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      const piece = chunk.subarray(start, end === -1 ? chunk.length : end);
      this.#add(piece);
      if (end === -1) return;
      yield this.#take();
      start = end + 1;
    }
  }

  #add(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#sizeBytes += piece.length;
    if (this.#sizeBytes > this.#limitBytes) {
      this.#pieces = [];
      throw new AtlasError('QMP_PROTOCOL', `a line is longer than ${this.#limitBytes} bytes`, {
        remedy: 'this is no QMP that Atlas knows; check that the binary is a QEMU system emulator',
      });
    }
    this.#pieces.push(piece);
  }

  #take(): Buffer {
    const [only] = this.#pieces;
    const line = this.#pieces.length === 1 && only !== undefined ? only : Buffer.concat(this.#pieces, this.#sizeBytes);
    this.#pieces = [];
    this.#sizeBytes = 0;
    return line;
  }
}
