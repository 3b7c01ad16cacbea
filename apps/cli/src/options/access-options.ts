import { readFileSync } from 'node:fs';
import { AtlasError } from '@cpu-atlas/core';
import type { StartOptions } from '@cpu-atlas/server';
import { Option, type Command } from 'commander';
import { wholeNumber } from './shared-options.ts';

type AccessSettings = StartOptions['access'];
type OidcSettings = NonNullable<AccessSettings['oidc']>;
type PersonRole = AccessSettings['insecureRole'];
const personRoles = ['viewer', 'operator'] as const satisfies readonly PersonRole[];

/** What commander makes of the options of `addAccessOptions`. */
export interface GivenAccess {
  readonly requireLogin?: boolean;
  readonly trustLoopback?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly behindProxy?: boolean;
  readonly trustedProxy?: readonly string[];
  readonly publicUrl?: string;
  readonly proxyUserHeader?: string;
  readonly proxyGroupsHeader?: string;
  readonly oidcIssuer?: string;
  readonly oidcClientId?: string;
  readonly oidcClientSecretFile?: string;
  readonly oidcScopes: string;
  readonly oidcRoleClaim: string;
  readonly operatorGroup?: readonly string[];
  readonly viewerGroup?: readonly string[];
  readonly defaultRole?: PersonRole;
  readonly sessionIdleMinutes: number;
  readonly sessionHours: number;
  readonly insecureBind?: boolean;
  readonly insecureRole: PersonRole;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Flags take the words of `isFlagSet` from the environment; commander would take any, `0` too. */
const flags = [
  ['--require-login', 'CPU_ATLAS_REQUIRE_LOGIN', 'nobody gets in without a login, from this machine neither'],
  ['--trust-loopback', 'CPU_ATLAS_TRUST_LOOPBACK', 'who sits at this machine is an operator although there is a login'],
  ['--behind-proxy', 'CPU_ATLAS_BEHIND_PROXY', 'TLS ends at a trusted proxy; requests past it are refused'],
  ['--insecure-bind', 'CPU_ATLAS_INSECURE_BIND', 'listen beyond loopback although TLS or a login is missing'],
] as const;

const texts = [
  ['--tls-cert <file>', 'CPU_ATLAS_TLS_CERT', 'certificate chain, PEM; read again on SIGHUP'],
  ['--tls-key <file>', 'CPU_ATLAS_TLS_KEY', 'its key, PEM'],
  ['--public-url <url>', 'CPU_ATLAS_PUBLIC_URL', 'address that browsers use'],
  ['--proxy-user-header <name>', 'CPU_ATLAS_PROXY_USER_HEADER', 'header in which the trusted proxy names the user'],
  ['--proxy-groups-header <name>', 'CPU_ATLAS_PROXY_GROUPS_HEADER', "header with the user's groups, commas between"],
  ['--oidc-issuer <url>', 'CPU_ATLAS_OIDC_ISSUER', 'people log in at this OpenID Connect issuer'],
  ['--oidc-client-id <id>', 'CPU_ATLAS_OIDC_CLIENT_ID', 'as which it knows this server'],
  [
    '--oidc-client-secret-file <file>',
    'CPU_ATLAS_OIDC_CLIENT_SECRET_FILE',
    'holds the secret; or CPU_ATLAS_OIDC_CLIENT_SECRET has it',
  ],
] as const;

/** Adds the options of who gets in, under a heading of their own. */
export function addAccessOptions(command: Command): Command {
  const add = (option: Option): void => void command.addOption(option.helpGroup('Who gets in:'));
  for (const [name, variable, what] of flags) add(new Option(name, `${what} (env: ${variable})`));
  for (const [name, variable, what] of texts) add(new Option(name, what).env(variable));
  add(
    new Option('--trusted-proxy <address...>', 'address or network whose forwarding headers are believed').env(
      'CPU_ATLAS_TRUSTED_PROXY',
    ),
  );
  add(
    new Option('--oidc-scopes <scopes>', 'asked of the issuer')
      .env('CPU_ATLAS_OIDC_SCOPES')
      .default('openid profile email'),
  );
  add(
    new Option('--oidc-role-claim <path>', 'claim of the ID token with the groups')
      .env('CPU_ATLAS_OIDC_ROLE_CLAIM')
      .default('groups'),
  );
  add(new Option('--operator-group <name...>', 'makes operators of its people').env('CPU_ATLAS_OPERATOR_GROUP'));
  add(new Option('--viewer-group <name...>', 'makes viewers of its people').env('CPU_ATLAS_VIEWER_GROUP'));
  add(
    new Option('--default-role <role>', 'of people in none of these groups; left out: they are refused')
      .env('CPU_ATLAS_DEFAULT_ROLE')
      .choices(personRoles),
  );
  add(
    new Option('--session-idle-minutes <n>', 'a login that is not used ends')
      .env('CPU_ATLAS_SESSION_IDLE_MINUTES')
      .default(120)
      .argParser(wholeNumber(5, 10_080)),
  );
  add(
    new Option('--session-hours <n>', 'a login ends after this time, used or not')
      .env('CPU_ATLAS_SESSION_HOURS')
      .default(12)
      .argParser(wholeNumber(1, 720)),
  );
  add(
    new Option('--insecure-role <role>', 'what everybody is with --insecure-bind and no login')
      .env('CPU_ATLAS_INSECURE_ROLE')
      .choices(personRoles)
      .default('viewer'),
  );
  return command;
}

/**
 * The settings that the options mean. Secrets come from files or from the environment, never from the command line, which
 * every user of the machine can read.
 * @throws USAGE_INVALID, FILE_UNREADABLE
 */
export function accessOptionsOf(given: GivenAccess, environment: Environment): AccessSettings {
  const isSet = (value: boolean | undefined, variable: string): boolean => value ?? isFlagSet(environment, variable);
  return {
    isLoginRequired: isSet(given.requireLogin, 'CPU_ATLAS_REQUIRE_LOGIN'),
    isLoopbackTrusted: isSet(given.trustLoopback, 'CPU_ATLAS_TRUST_LOOPBACK'),
    tls: tlsOf(given),
    isBehindProxy: isSet(given.behindProxy, 'CPU_ATLAS_BEHIND_PROXY'),
    trustedProxies: (given.trustedProxy ?? []).flatMap((text) => wordsOf(text, ',')),
    proxyHeaders: proxyHeadersOf(given),
    oidc: oidcOf(given, environment),
    roles: {
      operator: (given.operatorGroup ?? []).flatMap((text) => wordsOf(text, '\n')),
      viewer: (given.viewerGroup ?? []).flatMap((text) => wordsOf(text, '\n')),
      otherwise: given.defaultRole ?? null,
    },
    publicUrl: given.publicUrl === undefined ? null : originOf('--public-url', given.publicUrl),
    isInsecureBindAllowed: isSet(given.insecureBind, 'CPU_ATLAS_INSECURE_BIND'),
    insecureRole: given.insecureRole,
    sessionIdleMs: given.sessionIdleMinutes * 60_000,
    sessionLifeMs: given.sessionHours * 3_600_000,
  };
}

/** @throws USAGE_INVALID for a word that is neither yes nor no: a typing error must not open a door */
function isFlagSet(environment: Environment, variable: string): boolean {
  const word = (environment[variable] ?? '').toLowerCase();
  if (['1', 'true', 'yes', 'on'].includes(word)) return true;
  if (['', '0', 'false', 'no', 'off'].includes(word)) return false;
  throw refusal(variable, `${JSON.stringify(word)} is neither yes nor no`, 'write 1 or 0');
}

function tlsOf({ tlsCert, tlsKey }: GivenAccess): AccessSettings['tls'] {
  if (tlsCert === undefined && tlsKey === undefined) return null;
  if (tlsCert !== undefined && tlsKey !== undefined) return { certFile: tlsCert, keyFile: tlsKey };
  throw refusal('--tls-cert, --tls-key', 'one of the two is missing', 'give both');
}

function proxyHeadersOf({ proxyUserHeader, proxyGroupsHeader }: GivenAccess): AccessSettings['proxyHeaders'] {
  for (const name of [proxyUserHeader, proxyGroupsHeader]) {
    if (name !== undefined && !/^[\w-]{1,100}$/.test(name))
      throw refusal(
        '--proxy-user-header',
        `${JSON.stringify(name)} is not the name of a header`,
        'write X-Remote-User',
      );
  }
  if (proxyUserHeader !== undefined) return { userHeader: proxyUserHeader, groupsHeader: proxyGroupsHeader ?? null };
  if (proxyGroupsHeader === undefined) return null;
  throw refusal('--proxy-groups-header', 'there are groups but no user', 'add --proxy-user-header');
}

function oidcOf(given: GivenAccess, environment: Environment): OidcSettings | null {
  const { oidcIssuer: issuer, oidcClientId: clientId } = given;
  if (issuer === undefined && clientId === undefined) return null;
  if (issuer === undefined) throw refusal('--oidc-client-id', 'there is a client but no issuer', 'add --oidc-issuer');
  if (clientId === undefined)
    throw refusal('--oidc-issuer', 'there is an issuer but no client', 'add --oidc-client-id');
  if (!URL.canParse(issuer)) throw refusal('--oidc-issuer', 'it is not an address', 'write https://issuer.example');
  const file = given.oidcClientSecretFile;
  const secret = file === undefined ? environment['CPU_ATLAS_OIDC_CLIENT_SECRET'] : readSecret(file);
  return {
    issuer,
    clientId,
    clientSecret: secret === undefined || secret === '' ? null : secret,
    scopes: given.oidcScopes,
    roleClaim: given.oidcRoleClaim,
  };
}

/** A secret in a file of its own: its first line. @throws FILE_UNREADABLE */
export function readSecret(path: string): string {
  try {
    return (readFileSync(path, 'utf8').split('\n')[0] ?? '').trim();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new AtlasError('FILE_UNREADABLE', `the secret cannot be read (${code})`, {
      where: path,
      remedy: 'check the path and the permissions',
      cause,
    });
  }
}

function originOf(where: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '') return url.origin;
  throw refusal(where, 'it is not the address of a server', 'write https://NAME, without a path');
}

function wordsOf(text: string, separator: string): readonly string[] {
  return text
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function refusal(where: string, message: string, remedy: string): AtlasError {
  return new AtlasError('USAGE_INVALID', message, { where, remedy });
}
