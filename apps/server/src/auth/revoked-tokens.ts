import type { Store } from '../store/store.ts';

/** What is known about tokens counts for this long; then the store must have been asked. */
const knownForMs = 4_000;
/** Asked beside the requests, so that none of them waits while the store answers in time. */
const askAfterMs = 2_000;
/** A revocation is written with its time and seen when it is committed: a statement may take 15 s, and be repeated. */
const commitMs = 60_000;

/**
 * Follows the revocations of a store that hubs share: one small question every two seconds, where each token would have
 * to be read again every four.
 */
export class RevokedTokens {
  readonly #store: Pick<Store, 'access' | 'nowMs'>;
  readonly #forget: (secretHashes: readonly string[]) => void;
  readonly #onFault: (error: unknown) => void;
  #asking: Promise<void> | null = null;
  /** On the monotonic clock: until then all revocations are known. */
  #askedAtMs = performance.now();
  #askedAtStoreMs: number;

  /** `forget` hears of each revoked token, maybe more than once. */
  constructor(
    store: Pick<Store, 'access' | 'nowMs'>,
    forget: (secretHashes: readonly string[]) => void,
    onFault: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#forget = forget;
    this.#onFault = onFault;
    this.#askedAtStoreMs = store.nowMs();
  }

  /** When the newest answer was asked for, on the monotonic clock: what was read before may have been revoked since. */
  get askedAtMs(): number {
    return this.#askedAtMs;
  }

  /** Resolves when a token that was read at `readAtMs` may be believed, unless it was forgotten. @throws STORE_FAILED */
  async confirm(readAtMs: number): Promise<void> {
    const ageMs = (): number => performance.now() - Math.max(readAtMs, this.#askedAtMs);
    if (ageMs() < askAfterMs) return;
    const answer = this.#ask();
    if (ageMs() < knownForMs) {
      answer.catch(this.#onFault);
      return;
    }
    await answer;
    // It may have been on its way for long.
    if (ageMs() >= knownForMs) await this.#ask();
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#read().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #read(): Promise<void> {
    const [askedAtMs, askedAtStoreMs] = [performance.now(), this.#store.nowMs()];
    this.#forget(await this.#store.access.tokensRevokedSince(this.#askedAtStoreMs - commitMs));
    this.#askedAtMs = askedAtMs;
    this.#askedAtStoreMs = askedAtStoreMs;
  }
}
