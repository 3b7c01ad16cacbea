import { describe, expect, it } from 'vitest';
import { releaseOf } from './release.ts';

describe('releaseOf', () => {
  it.each([
    { text: '10.0.13', release: 10_000_013 },
    { text: '7.2', release: 7_002_000 },
    { text: '4.2.1', release: 4_002_001 },
    { text: '10.0.13+ds', release: 10_000_013 },
    { text: '9.2.0-rc3', release: 9_002_000 },
  ])('$text', ({ text, release }) => {
    expect(releaseOf(text)).toBe(release);
  });

  it('orders releases as numbers, and a development version between its neighbours', () => {
    const ordered = ['7.2.22', '8.0.0', '9.2.4', '10.0.0', '10.0.13', '10.0.50', '10.1.0', '11.0.0'];
    const releases = ordered.map(releaseOf);
    expect([...releases].sort((a, b) => a - b)).toEqual(releases);
  });

  it.each(['', '10', 'ten', 'v10.0', '10.x', '1000.0'])('refuses %j', (text) => {
    expect(() => releaseOf(text)).toThrow(expect.objectContaining({ code: 'CATALOG_INVALID' }));
  });
});
