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

  it('waits for more as long as it is told', async () => {
    const calls: (readonly string[])[] = [];
    const ask = gathered(async (keys: readonly string[]) => {
      calls.push(keys);
      return new Map(keys.map((key) => [key, key]));
    }, 50);
    const first = ask('a');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await Promise.all([first, ask('b')])).toEqual(['a', 'b']);
    expect(calls).toEqual([['a', 'b']]);
  });

  it('asks together for what comes while it waits for an answer', async () => {
    const calls: (readonly string[])[] = [];
    let answer = (): void => undefined;
    const ask = gathered(async (keys: readonly string[]) => {
      calls.push(keys);
      await new Promise<void>((resolve) => (answer = resolve));
      return new Map(keys.map((key) => [key, key]));
    });
    const first = ask('a');
    await expect.poll(() => calls.length).toBe(1);
    const others = [ask('b')];
    await new Promise((resolve) => setImmediate(resolve));
    others.push(ask('c'));
    answer();
    await first;
    await expect.poll(() => calls).toEqual([['a'], ['b', 'c']]);
    answer();
    expect(await Promise.all(others)).toEqual(['b', 'c']);
  });

  it('a fault is that of all who asked, and of nobody after them', async () => {
    const { ask } = counting();
    const outcomes = await Promise.allSettled([ask('a'), ask('bad')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await ask('a')).toBe('A');
  });
});
