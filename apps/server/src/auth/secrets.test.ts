import { describe, expect, it } from 'vitest';
import { createCookieSecret, createTokenSecret, hashSecret, isCookieSecret, isTokenSecret } from './secrets.ts';

describe('secrets', () => {
  it('a new token is recognised, new each time, and its hash is not the token', () => {
    const tokens = Array.from({ length: 100 }, createTokenSecret);
    expect(new Set(tokens).size).toBe(100);
    for (const token of tokens) {
      expect(token).toMatch(/^cpuatlas_[0-9a-f]{72}$/);
      expect(isTokenSecret(token)).toBe(true);
      expect(hashSecret(token)).toMatch(/^[0-9a-f]{64}$/);
      expect(token).not.toContain(hashSecret(token));
    }
  });

  it('one wrong character anywhere makes it no token', () => {
    const token = createTokenSecret();
    for (let at = 0; at < token.length; at += 1) {
      const wrong = token[at] === '0' ? '1' : '0';
      expect(isTokenSecret(token.slice(0, at) + wrong + token.slice(at + 1)), `position ${at}`).toBe(false);
    }
  });

  it.each([
    '',
    'cpuatlas_',
    'Bearer x',
    createTokenSecret().toUpperCase(),
    ` ${createTokenSecret()}`,
    `${createTokenSecret()}0`,
  ])('%j is no token', (text) => expect(isTokenSecret(text)).toBe(false));

  it.each([
    ['a new one', createCookieSecret(), true],
    ['too short', createCookieSecret().slice(1), false],
    ['too long', `${createCookieSecret()}A`, false],
    ['with a character of another alphabet', `${createCookieSecret().slice(1)}+`, false],
    ['nothing', '', false],
  ])('the secret of a cookie: %s', (_, text, isOne) => expect(isCookieSecret(text)).toBe(isOne));
});
