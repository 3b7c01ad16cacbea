import { AtlasError } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { CommitQueue, type CommitQueueOptions } from './commit-queue.ts';

const fault = new AtlasError('STORE_FAILED', 'the disk is full');

/** Jobs are numbers; the result of each is its ten-fold. */
function queueOf(options: Partial<CommitQueueOptions<number, number>> = {}) {
  const groups: (readonly number[])[] = [];
  const queue = new CommitQueue<number, number>({
    name: 'numbers',
    weigh: () => 1,
    groupWeight: 100,
    waitingWeight: 1_000,
    commit: async (jobs) => {
      groups.push(jobs);
      return jobs.map((job) => job * 10);
    },
    ...options,
  });
  return { queue, groups };
}

describe('a commit queue', () => {
  it('commits what arrives together in one group, in order, and answers each', async () => {
    const { queue, groups } = queueOf();
    expect(await Promise.all([3, 1, 2].map((job) => queue.add(job)))).toEqual([30, 10, 20]);
    expect(groups).toEqual([[3, 1, 2]]);
  });

  it('gathers what arrives during a commit for the next', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const groups: (readonly number[])[] = [];
    const { queue } = queueOf({
      commit: async (jobs) => {
        groups.push(jobs);
        await gate;
        return [...jobs];
      },
    });
    const first = queue.add(1);
    await expect.poll(() => groups.length).toBe(1);
    const rest = [2, 3, 4].map((job) => queue.add(job));
    release();
    await Promise.all([first, ...rest]);
    expect(groups).toEqual([[1], [2, 3, 4]]);
  });

  it('makes no group heavier than it may be, but takes a job that alone is', async () => {
    const { queue, groups } = queueOf({ weigh: (job) => job, groupWeight: 10 });
    await Promise.all([4, 6, 1, 25, 3].map((job) => queue.add(job)));
    expect(groups).toEqual([[4, 6], [1], [25], [3]]);
  });

  it('refuses what is too much to wait, and takes more when it has written', async () => {
    const { queue } = queueOf({ waitingWeight: 3 });
    const jobs = [1, 2, 3].map((job) => queue.add(job));
    await expect(queue.add(4)).rejects.toMatchObject({ code: 'STORE_BUSY' });
    expect(await Promise.all(jobs)).toEqual([10, 20, 30]);
    expect(await queue.add(4)).toBe(40);
  });

  it('fails a whole group when the engine fails, and works again', async () => {
    let isFull = true;
    let commits = 0;
    const { queue } = queueOf({
      commit: async (jobs) => {
        commits += 1;
        if (isFull) throw fault;
        return [...jobs];
      },
    });
    const outcomes = await Promise.allSettled([1, 2, 3].map((job) => queue.add(job)));
    expect(outcomes).toEqual(Array.from({ length: 3 }, () => ({ status: 'rejected', reason: fault })));
    expect(commits, 'it is not tried for each of them').toBe(1);
    isFull = false;
    expect(await queue.add(4)).toBe(4);
  });

  it('fails only the job that the engine refuses', async () => {
    const { queue } = queueOf({
      commit: async (jobs) => {
        if (jobs.includes(13)) throw new AtlasError('INTERNAL', 'refused');
        return [...jobs];
      },
    });
    const outcomes = await Promise.allSettled([11, 12, 13, 14, 15].map((job) => queue.add(job)));
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
  });

  it('gives a job its own error when the commit says so', async () => {
    const { queue } = queueOf({ commit: async (jobs) => jobs.map((job) => (job === 2 ? fault : job)) });
    const outcomes = await Promise.allSettled([1, 2, 3].map((job) => queue.add(job)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('is drained when all that waited is written', async () => {
    const { queue, groups } = queueOf({ groupWeight: 1 });
    void queue.add(1);
    void queue.add(2);
    await queue.drained();
    expect(groups).toEqual([[1], [2]]);
  });
});
