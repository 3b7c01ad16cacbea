import { AtlasError } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { readEach } from './read-each.ts';

const timeoutMs = 1_000;
const tookTooLong = (): AtlasError => new AtlasError('QEMU_TIMEOUT', 'no answer');

/** Reads machine types that take `takesMs` each; Infinity: they never answer. */
function readTaking(takesMs: Readonly<Record<string, number>>, parallel = 2) {
  const asked: (readonly [string, number])[] = [];
  const done: number[] = [];
  const outcome = readEach({
    ...{ machines: Object.keys(takesMs), timeoutMs, parallel },
    read: async (machine, limitMs) => {
      asked.push([machine, limitMs]);
      await Promise.resolve();
      if ((takesMs[machine] ?? 0) > limitMs) throw tookTooLong();
      return machine;
    },
    onMachine: (count) => done.push(count),
  });
  return { outcome, asked, done };
}

describe('readEach', () => {
  it('tries a machine type that took too long again, after the others and with four times the time', async () => {
    const { outcome, asked, done } = readTaking({ slow: 3_500, quick: 10, other: 20 });
    expect(await outcome).toEqual({ harvested: ['quick', 'other', 'slow'], skipped: [] });
    expect(asked).toEqual([
      ['slow', 1_000],
      ['quick', 1_000],
      ['other', 1_000],
      ['slow', 4_000],
    ]);
    expect(done.at(-1)).toBe(3);
  });

  it('reports one that takes too long again, once the others have answered', async () => {
    const { outcome, asked } = readTaking({ quick: 10, stuck: Number.POSITIVE_INFINITY });
    expect(await outcome).toEqual({ harvested: ['quick'], skipped: [{ machine: 'stuck', reason: 'no answer' }] });
    expect(asked.filter(([machine]) => machine === 'stuck')).toHaveLength(2);
  });

  it('says nothing about machine types when all of them take too long', async () => {
    const { outcome } = readTaking({ a: Number.POSITIVE_INFINITY, b: 4_001 });
    await expect(outcome).rejects.toMatchObject({ code: 'QEMU_TIMEOUT' });
  });

  it('reports one that does not start, without a second try', async () => {
    const asked: string[] = [];
    const outcome = await readEach({
      ...{ machines: ['xenfv', 'q35'], timeoutMs, parallel: 1 },
      read: async (machine) => {
        asked.push(machine);
        if (machine === 'xenfv') throw new AtlasError('QEMU_DIED', 'wants Xen');
        return machine;
      },
    });
    expect(outcome).toEqual({ harvested: ['q35'], skipped: [{ machine: 'xenfv', reason: 'wants Xen' }] });
    expect(asked).toEqual(['xenfv', 'q35']);
  });

  it.each([new AtlasError('INTERNAL', 'a defect'), new DOMException('given up', 'AbortError')])(
    'ends with what is no fault of a machine type: %s',
    async (fault) => {
      const read = async (): Promise<never> => {
        throw fault;
      };
      await expect(readEach({ machines: ['q35'], timeoutMs, parallel: 1, read })).rejects.toBe(fault);
    },
  );
});
