import { describe, expect, it } from 'vitest';
import { checkAccessSettings, defaultAccessSettings, type AccessSettings } from './access-settings.ts';

const tls = { certFile: 'cert.pem', keyFile: 'key.pem' };
const oidc = {
  issuer: 'https://id.example',
  clientId: 'atlas',
  clientSecret: null,
  scopes: 'openid',
  roleClaim: 'groups',
};
const proxyHeaders = { userHeader: 'x-remote-user', groupsHeader: null };
const behindProxy = { isBehindProxy: true, trustedProxies: ['10.0.0.1'] };

/** Which settings may listen where; a text is what is said of those that may not. */
const cases: readonly (readonly [string, Partial<AccessSettings>, 'loopback' | 'network', string | null])[] = [
  ['nothing', {}, 'loopback', null],
  ['nothing', {}, 'network', 'neither TLS nor a login'],
  ['TLS alone', { tls }, 'network', 'no login'],
  ['a login alone', { isLoginRequired: true }, 'network', 'no TLS'],
  ['TLS and tokens', { tls, isLoginRequired: true }, 'network', null],
  ['TLS and an issuer', { tls, oidc, publicUrl: 'https://atlas.example' }, 'network', null],
  ['a proxy with TLS, and tokens', { ...behindProxy, isLoginRequired: true }, 'network', null],
  ['a proxy with TLS and a login', { ...behindProxy, proxyHeaders }, 'network', null],
  ['a proxy with TLS alone', behindProxy, 'network', 'no login'],
  ['a proxy without its address', { isBehindProxy: true, isLoginRequired: true }, 'network', 'the proxy is not named'],
  ['headers of nobody', { proxyHeaders, tls }, 'loopback', 'nobody is trusted to send it'],
  ['an issuer without a way back', { oidc }, 'loopback', 'where to send browsers back'],
  ['TLS at both ends', { ...behindProxy, tls, isLoginRequired: true }, 'network', 'either here or at the proxy'],
  ['nothing but the flag', { isInsecureBindAllowed: true }, 'network', null],
  ['trust in loopback alone', { isLoopbackTrusted: true }, 'network', 'neither TLS nor a login'],
];

describe('a server listens beyond loopback only with TLS and a login', () => {
  it.each(cases)('%s, %j, on %s', (_, settings, where, refusal) => {
    const check = (): void =>
      checkAccessSettings({ ...defaultAccessSettings, ...settings }, '0.0.0.0', where === 'loopback');
    if (refusal === null) expect(check).not.toThrow();
    else expect(check).toThrow(refusal);
  });
});
