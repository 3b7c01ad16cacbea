import { describe, expect, it } from 'vitest';
import { createIdMaker, earliestId } from './time-ordered-id.ts';

describe('time-ordered ids', () => {
  it('sort as text in the order in which they were made, also within a millisecond and when time goes back', () => {
    const times = [5, 5, 6, 3, 3, 700, 2 ** 40];
    const nextId = createIdMaker(() => times.shift() ?? 2 ** 40);
    const ids = Array.from({ length: 9 }, nextId);
    expect([...ids].sort()).toEqual(ids);
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  });

  it('stay in order when a millisecond has more than its sequence holds', () => {
    const nextId = createIdMaker(() => 1);
    const ids = Array.from({ length: 70_000 }, nextId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id, index) => index === 0 || (ids[index - 1] ?? '') < id)).toBe(true);
  });

  it('can be told from those that were made before a time', () => {
    let nowMs = 1_000;
    const nextId = createIdMaker(() => nowMs);
    const before = nextId();
    nowMs = 1_001;
    const after = nextId();
    expect(before < earliestId(1_001)).toBe(true);
    expect(after < earliestId(1_001)).toBe(false);
    expect(earliestId(-5)).toBe('000000000000');
  });
});
