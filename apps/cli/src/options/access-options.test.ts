import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { accessOptionsOf, addAccessOptions, type GivenAccess } from './access-options.ts';

const directory = mkdtempSync(join(tmpdir(), 'cpu-atlas-options-'));
const secretFile = join(directory, 'secret');
writeFileSync(secretFile, ' in-a-file \nsecond line\n');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Settings = ReturnType<typeof accessOptionsOf>;

/** As the command line would: commander reads its variables from the environment of the process. */
function settingsOf(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Settings {
  const command = addAccessOptions(new Command('serve'))
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  const before = { ...process.env };
  Object.assign(process.env, environment);
  try {
    command.parse([...words], { from: 'user' });
    return accessOptionsOf(command.opts<GivenAccess>(), environment);
  } finally {
    for (const name of Object.keys(environment)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  }
}

const issuer = ['--oidc-issuer', 'https://id.example', '--oidc-client-id', 'atlas'];

describe('options of who gets in', () => {
  it('nothing given is what the server does by itself', () => {
    expect(settingsOf([])).toEqual({
      ...{ isLoginRequired: false, isLoopbackTrusted: false, isBehindProxy: false, isInsecureBindAllowed: false },
      ...{ tls: null, trustedProxies: [], proxyHeaders: null, oidc: null, publicUrl: null, insecureRole: 'viewer' },
      roles: { operator: [], viewer: [], otherwise: null },
      ...{ sessionIdleMs: 7_200_000, sessionLifeMs: 43_200_000 },
    });
  });

  const given: readonly (readonly [readonly string[], Readonly<Record<string, string>>, Partial<Settings>])[] = [
    [['--require-login'], {}, { isLoginRequired: true }],
    [[], { CPU_ATLAS_REQUIRE_LOGIN: 'yes' }, { isLoginRequired: true }],
    [[], { CPU_ATLAS_INSECURE_BIND: '0' }, { isInsecureBindAllowed: false }],
    [[], { CPU_ATLAS_INSECURE_BIND: 'false' }, { isInsecureBindAllowed: false }],
    [[], { CPU_ATLAS_INSECURE_BIND: '' }, { isInsecureBindAllowed: false }],
    [['--insecure-bind'], { CPU_ATLAS_INSECURE_BIND: '0' }, { isInsecureBindAllowed: true }],
    [['--tls-cert', 'a', '--tls-key', 'b'], {}, { tls: { certFile: 'a', keyFile: 'b' } }],
    [['--trusted-proxy', '10.0.0.1', 'fd00::/8'], {}, { trustedProxies: ['10.0.0.1', 'fd00::/8'] }],
    [[], { CPU_ATLAS_TRUSTED_PROXY: '10.0.0.1, fd00::/8' }, { trustedProxies: ['10.0.0.1', 'fd00::/8'] }],
    [['--public-url', 'https://atlas.example:8443/'], {}, { publicUrl: 'https://atlas.example:8443' }],
    [['--proxy-user-header', 'X-User'], {}, { proxyHeaders: { userHeader: 'X-User', groupsHeader: null } }],
    [
      [],
      { CPU_ATLAS_OPERATOR_GROUP: 'cn=ops,dc=example\nadmins' },
      { roles: { operator: ['cn=ops,dc=example', 'admins'], viewer: [], otherwise: null } },
    ],
    [['--viewer-group', 'a', 'b'], {}, { roles: { operator: [], viewer: ['a', 'b'], otherwise: null } }],
    [['--default-role', 'viewer'], {}, { roles: { operator: [], viewer: [], otherwise: 'viewer' } }],
    [['--session-idle-minutes', '5'], {}, { sessionIdleMs: 300_000 }],
  ];
  it.each(given)('%j with %j is %j', (words, environment, settings) =>
    expect(settingsOf(words, environment)).toMatchObject(settings),
  );

  it.each([
    [issuer, {}, null],
    [issuer, { CPU_ATLAS_OIDC_CLIENT_SECRET: 'in-the-environment' }, 'in-the-environment'],
    [[...issuer, '--oidc-client-secret-file', secretFile], { CPU_ATLAS_OIDC_CLIENT_SECRET: 'x' }, 'in-a-file'],
  ])('%j with %j has the secret %s', (words, environment: Record<string, string>, secret) =>
    expect(settingsOf(words, environment).oidc?.clientSecret).toBe(secret),
  );

  it.each([
    [['--tls-cert', 'a'], {}, 'one of the two is missing'],
    [['--oidc-issuer', 'https://id.example'], {}, 'no client'],
    [['--oidc-client-id', 'a'], {}, 'no issuer'],
    [['--oidc-issuer', 'id', '--oidc-client-id', 'a'], {}, 'not an address'],
    [[...issuer, '--oidc-client-secret-file', join(directory, 'none')], {}, 'the secret cannot be read (ENOENT)'],
    [['--public-url', 'https://atlas.example/path'], {}, 'not the address of a server'],
    [['--public-url', 'ftp://atlas.example'], {}, 'not the address of a server'],
    [['--proxy-groups-header', 'X'], {}, 'groups but no user'],
    [['--proxy-user-header', 'X User'], {}, 'not the name of a header'],
    [['--default-role', 'agent'], {}, 'Allowed choices'],
    [[], { CPU_ATLAS_BEHIND_PROXY: 'ja' }, 'neither yes nor no'],
  ])('%j with %j is refused: %s', (words, environment: Record<string, string>, message) =>
    expect(() => settingsOf(words, environment)).toThrow(message),
  );

  it('has no option that takes a secret itself', () => {
    const secrets = addAccessOptions(new Command('serve')).options.filter(({ long }) =>
      /secret|password|token/.test(long ?? ''),
    );
    expect(secrets.map(({ long }) => long)).toEqual(['--oidc-client-secret-file']);
  });
});
