import { setTimeout as delay } from 'node:timers/promises';
import { AtlasError } from '@cpu-atlas/core';

export interface CommitQueueOptions<Job, Result> {
  /** What waits, for messages: `contacts`. */
  readonly name: string;
  /** Writes all jobs in one transaction. A result that is an error is the outcome of that job alone. */
  readonly commit: (jobs: readonly Job[]) => Promise<readonly (Result | AtlasError)[]>;
  /** What a job costs, in the unit of the two limits. */
  readonly weigh: (job: Job) => number;
  readonly groupWeight: number;
  readonly waitingWeight: number;
}

interface Waiting<Job, Result> {
  readonly job: Job;
  readonly weight: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Commits in groups: what arrives while a transaction runs waits, and is written by the next one, together. A caller
 * hears after the commit. A fault of the engine fails the group; a job that the engine refuses fails alone.
 */
export class CommitQueue<Job, Result> {
  readonly #options: CommitQueueOptions<Job, Result>;
  #waiting: Waiting<Job, Result>[] = [];
  #waitingWeight = 0;
  #drain: Promise<void> | null = null;
  #restUntilMs = 0;

  constructor(options: CommitQueueOptions<Job, Result>) {
    this.#options = options;
  }

  /** @throws STORE_BUSY when too much waits already; whatever the commit throws */
  add(job: Job): Promise<Result> {
    const weight = this.#options.weigh(job);
    if (this.#waiting.length > 0 && this.#waitingWeight + weight > this.#options.waitingWeight) {
      return Promise.reject(busy(this.#options.name));
    }
    this.#waitingWeight += weight;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, weight, resolve, reject });
      this.#drain ??= this.#run();
    });
  }

  /** Resolves when all that waited is committed. */
  async drained(): Promise<void> {
    await this.#drain;
  }

  async #run(): Promise<void> {
    // What arrives in this turn of the event loop belongs together.
    await delay(Math.max(0, this.#restUntilMs - performance.now()));
    while (this.#waiting.length > 0) {
      await this.#commit(this.#takeGroup());
      this.#restUntilMs = performance.now() + restMs;
      if (this.#waiting.length > 0 && this.#waitingWeight < this.#options.groupWeight) await delay(restMs);
    }
    this.#drain = null;
  }

  #takeGroup(): readonly Waiting<Job, Result>[] {
    let weight = 0;
    let count = 0;
    for (const one of this.#waiting) {
      if (count > 0 && weight + one.weight > this.#options.groupWeight) break;
      weight += one.weight;
      count += 1;
    }
    this.#waitingWeight -= weight;
    return this.#waiting.splice(0, count);
  }

  async #commit(group: readonly Waiting<Job, Result>[]): Promise<void> {
    try {
      const results = await this.#options.commit(group.map(({ job }) => job));
      group.forEach(({ resolve, reject }, index) => {
        const result = results[index];
        if (result === undefined) reject(new AtlasError('INTERNAL', `no outcome of one of the ${this.#options.name}`));
        else if (result instanceof AtlasError) reject(result);
        else resolve(result);
      });
    } catch (error) {
      if (group.length === 1 || isEngineFault(error)) {
        for (const { reject } of group) reject(error);
        return;
      }
      const middle = group.length >> 1;
      await this.#commit(group.slice(0, middle));
      await this.#commit(group.slice(middle));
    }
  }
}

/** A little pause lets a group gather: what many write together costs a fraction. */
const restMs = 12;

function isEngineFault(error: unknown): boolean {
  return error instanceof AtlasError && error.code === 'STORE_FAILED';
}

/** `name`: what waits. */
export function busy(name: string): AtlasError {
  return new AtlasError('STORE_BUSY', `too many ${name} wait to be written`, {
    remedy: 'try again in some seconds; if it lasts, give the store a faster disk or spread the load over more hubs',
  });
}
