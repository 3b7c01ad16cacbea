import { describe, expect, it } from 'vitest';
import { attemptFromText, attemptToText, ownPath } from './login-attempt.ts';
import { withoutSecrets } from './redaction.ts';

describe('the way back after a login stays on this server', () => {
  it.each([
    [undefined, '/'],
    ['', '/'],
    ['/', '/'],
    ['/hosts/x?as=1#top', '/hosts/x?as=1#top'],
    ['/a/../b', '/b'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['https://evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['hosts', '/'],
    ['/%2F/evil.example', '/%2F/evil.example'],
    ['/.//evil.example', '/'],
  ])('%j leads to %j', (returnTo, path) => expect(ownPath(returnTo)).toBe(path));

  it('a path that is too long for a cookie leads to the start page', () => {
    expect(ownPath(`/${'a'.repeat(2_000)}`)).toBe('/');
  });
});

describe('the attempt that a browser carries', () => {
  const attempt = { state: 's', nonce: 'n', verifier: 'v'.repeat(43), returnTo: '/hosts' };

  it('comes back as it went', () => expect(attemptFromText(attemptToText(attempt))).toEqual(attempt));

  it.each(['', 'x', '%', Buffer.from('null').toString('base64url'), attemptToText({ ...attempt, state: '' })])(
    '%j is refused',
    (text) => expect(() => attemptFromText(text)).toThrow('did not begin a login here'),
  );
});

describe('addresses in the log', () => {
  it.each([
    ['/api/v1/session/oidc/callback?code=abc&state=def&iss=x', '/api/v1/session/oidc/callback?code=…&state=…&iss=x'],
    ['/?STATE=a', '/?STATE=…'],
    ['/x?token=a#b', '/x?token=…#b'],
    ['/api/v1/hosts?cursor=a', '/api/v1/hosts?cursor=a'],
    ['/api/v1/hosts?barcode=a', '/api/v1/hosts?barcode=a'],
  ])('%s is written %s', (url, written) => expect(withoutSecrets(url)).toBe(written));
});
