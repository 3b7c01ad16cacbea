import { AtlasError } from '@cpu-atlas/core';

/** Roles that people get from a login; agents have tokens. */
export const personRoles = ['viewer', 'operator'] as const;
export type PersonRole = (typeof personRoles)[number];

/** Which role the groups of a person give. The strongest one wins; without one there is no way in. */
export interface RoleMapping {
  readonly operator: readonly string[];
  readonly viewer: readonly string[];
  /** For people of whom no group is known; null: refused. */
  readonly otherwise: PersonRole | null;
}

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** OpenID Connect: an issuer that knows the people. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** null: a public client, which PKCE alone protects. */
  readonly clientSecret: string | null;
  readonly scopes: string;
  /** Claim of the ID token with the groups; dots lead into objects. */
  readonly roleClaim: string;
}

/** A proxy that has logged people in and says so in headers. */
export interface ProxyHeaderSettings {
  readonly userHeader: string;
  /** Groups, separated by commas; null: every user has the role `otherwise`. */
  readonly groupsHeader: string | null;
}

/** How people and agents get in. All methods are optional and can be mixed; tokens work whenever somebody shows one. */
export interface AccessSettings {
  /** Nobody gets in without a login, from this machine neither. Implied by the other methods. */
  readonly isLoginRequired: boolean;
  /** Who sits at the machine is an operator although there is a login. */
  readonly isLoopbackTrusted: boolean;
  readonly tls: TlsFiles | null;
  /** TLS ends at a trusted proxy, and requests that did not come through it are refused. */
  readonly isBehindProxy: boolean;
  /** Addresses and networks whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[];
  readonly proxyHeaders: ProxyHeaderSettings | null;
  readonly oidc: OidcSettings | null;
  readonly roles: RoleMapping;
  /** The address that browsers use; null: unknown, and then there is no OpenID Connect. */
  readonly publicUrl: string | null;
  /** Listen beyond loopback although TLS or a login is missing. */
  readonly isInsecureBindAllowed: boolean;
  /** What everybody is then, where no login is configured. */
  readonly insecureRole: PersonRole;
  readonly sessionIdleMs: number;
  readonly sessionLifeMs: number;
}

const hourMs = 3_600_000;

/** Nothing configured: who sits at the machine is its operator, and nobody else gets in. */
export const defaultAccessSettings: AccessSettings = {
  isLoginRequired: false,
  isLoopbackTrusted: false,
  tls: null,
  isBehindProxy: false,
  trustedProxies: [],
  proxyHeaders: null,
  oidc: null,
  roles: { operator: [], viewer: [], otherwise: null },
  publicUrl: null,
  isInsecureBindAllowed: false,
  insecureRole: 'viewer',
  sessionIdleMs: 2 * hourMs,
  sessionLifeMs: 12 * hourMs,
};

/** Whether a login method is configured, so that being there is not enough. */
export function hasLogin({ isLoginRequired, oidc, proxyHeaders }: AccessSettings): boolean {
  return isLoginRequired || oidc !== null || proxyHeaders !== null;
}

/** Whether browsers reach the server by https. */
export function isEncrypted({ tls, isBehindProxy }: AccessSettings): boolean {
  return tls !== null || isBehindProxy;
}

/**
 * Refuses settings that contradict each other, and an open door that nobody asked for.
 * @throws USAGE_INVALID
 */
export function checkAccessSettings(settings: AccessSettings, host: string, isLoopbackBind: boolean): void {
  const refuse = (where: string, message: string, remedy: string): never => {
    throw new AtlasError('USAGE_INVALID', message, { where, remedy });
  };
  if (settings.isBehindProxy && settings.tls !== null)
    refuse('--behind-proxy', 'TLS ends either here or at the proxy', 'leave out --tls-cert or --behind-proxy');
  if (settings.isBehindProxy && settings.trustedProxies.length === 0)
    refuse('--behind-proxy', 'the proxy is not named', 'add --trusted-proxy with its address or network');
  if (settings.proxyHeaders !== null && settings.trustedProxies.length === 0)
    refuse('--proxy-user-header', 'nobody is trusted to send it', 'add --trusted-proxy with the address of the proxy');
  if (settings.oidc !== null && settings.publicUrl === null)
    refuse('--oidc-issuer', 'the issuer must know where to send browsers back', 'add --public-url https://NAME');
  if (isLoopbackBind || settings.isInsecureBindAllowed) return;
  if (!isEncrypted(settings) || !hasLogin(settings)) {
    const missing = isEncrypted(settings) ? 'no login' : hasLogin(settings) ? 'no TLS' : 'neither TLS nor a login';
    refuse(
      `--host ${host}`,
      `is reachable from other hosts, and there is ${missing}`,
      'add --tls-cert and --tls-key (or --behind-proxy) and a login (--require-login for tokens, --oidc-issuer, or --proxy-user-header); or, on a network that you trust, --insecure-bind',
    );
  }
}
