import { describe, expect, it } from 'vitest';
import { gathered } from './gathered.ts';

describe('gathered', () => {
  const counting = () => {
    const calls: (readonly string[])[] = [];
    const ask = gathered(async (keys: readonly string[]) => {
      calls.push(keys);
      if (keys.includes('bad')) throw new Error('no store');
      return new Map(keys.filter((key) => key !== 'absent').map((key) => [key, key.toUpperCase()]));
    });
    return { calls, ask };
  };

  it('asks once for what comes in one turn, and each key once', async () => {
    const { calls, ask } = counting();
    expect(await Promise.all([ask('a'), ask('b'), ask('a'), ask('absent')])).toEqual(['A', 'B', 'A', undefined]);
    expect(calls).toEqual([['a', 'b', 'absent']]);
  });

  it('asks again for what comes later', async () => {
    const { calls, ask } = counting();
    await ask('a');
    await ask('a');
    expect(calls).toEqual([['a'], ['a']]);
  });

  it('a fault is that of all who asked, and of nobody after them', async () => {
    const { ask } = counting();
    const outcomes = await Promise.allSettled([ask('a'), ask('bad')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await ask('a')).toBe('A');
  });
});
