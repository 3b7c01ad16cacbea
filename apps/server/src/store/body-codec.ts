import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { AtlasError } from '@cpu-atlas/core';
import { busy } from './commit-queue.ts';
import { asBytes, type StoredBytes } from './tables.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Largest body, bytes: twice what the contract lets in. */
const bodyLimitBytes = 64 * 1024 * 1024;
const waitingBytes = 64 * 1024 * 1024;
/** Each running one holds 256 KB of zlib's memory. */
const concurrentPacks = 4;
/** Measured: docs/store.md. */
const packLevel = 3;

/** JSON text, compressed, with the checksum of gzip. Runs beside the event loop. */
export class BodyCodec {
  #running = 0;
  #packingBytes = 0;
  readonly #waiting: (() => void)[] = [];

  /** @throws STORE_BUSY when too much waits already */
  async pack(body: Uint8Array): Promise<Uint8Array> {
    if (this.#packingBytes > 0 && this.#packingBytes + body.byteLength > waitingBytes) throw busy('bodies');
    this.#packingBytes += body.byteLength;
    try {
      return await this.#limited(() => compress(body, { level: packLevel }));
    } finally {
      this.#packingBytes -= body.byteLength;
    }
  }

  /** @throws STORE_FAILED for bytes that were damaged */
  async unpack(stored: StoredBytes, where: string): Promise<Uint8Array> {
    try {
      return await this.#limited(() => decompress(asBytes(stored), { maxOutputLength: bodyLimitBytes }));
    } catch (cause) {
      throw new AtlasError('STORE_FAILED', `stored bytes are damaged: ${String(cause)}`, {
        where,
        remedy: 'restore the store from a backup; let the host or the harvest send it again',
        cause,
      });
    }
  }

  async #limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= concurrentPacks) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
