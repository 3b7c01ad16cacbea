import { AtlasError } from '@cpu-atlas/core';
import * as openid from 'openid-client';
import type { OidcSettings, RoleMapping } from './access-settings.ts';
import { isLoopbackAddress } from './address-set.ts';
import { groupsOfClaim, roleOfGroups } from './role-mapping.ts';
import type { SessionPerson } from './session-desk.ts';

/** What the browser keeps, in a cookie of its own, between leaving for the issuer and coming back. */
export interface LoginAttempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Path of the dashboard to return to. */
  readonly returnTo: string;
}

/** Logs people in at an OpenID Connect issuer: code flow with PKCE, state and nonce, ID token with a checked signature. */
export interface OidcClient {
  /** Where to send the browser. @throws LOGIN_UNAVAILABLE */
  begin(returnTo: string): Promise<{ readonly url: string; readonly attempt: LoginAttempt }>;
  /**
   * Who came back. `query` is that of the address that the issuer sent the browser to.
   * @throws LOGIN_FAILED, LOGIN_UNAVAILABLE
   */
  finish(query: string, attempt: LoginAttempt): Promise<SessionPerson>;
}

interface OidcOptions {
  readonly settings: OidcSettings;
  readonly roles: RoleMapping;
  /** Where the issuer sends browsers back to, without a query. */
  readonly redirectUri: string;
}

const timeoutSeconds = 10;
/** Keys and addresses of the issuer are read anew after this time. */
const metadataForMs = 3_600_000;
/** An issuer that does not answer is not asked again sooner, however many people try. */
const retryAfterMs = 3_000;

export function createOidcClient({ settings, roles, redirectUri }: OidcOptions): OidcClient {
  const issuer = new URL(settings.issuer);
  let kept: { readonly configuration: Promise<openid.Configuration>; readonly untilMs: number } | null = null;

  const configure = (): Promise<openid.Configuration> => {
    if (kept !== null && performance.now() < kept.untilMs) return kept.configuration;
    const secret = settings.clientSecret ?? undefined;
    const configuration = openid.discovery(
      issuer,
      settings.clientId,
      secret,
      secret === undefined ? openid.None() : undefined,
      {
        timeout: timeoutSeconds,
        execute: isPlainLoopback(issuer)
          ? [openid.enableNonRepudiationChecks, openid.allowInsecureRequests]
          : [openid.enableNonRepudiationChecks],
      },
    );
    kept = { configuration, untilMs: performance.now() + metadataForMs };
    configuration.catch(() => {
      kept = { configuration, untilMs: performance.now() + retryAfterMs };
    });
    return configuration;
  };

  return {
    async begin(returnTo) {
      const verifier = openid.randomPKCECodeVerifier();
      const attempt = { state: openid.randomState(), nonce: openid.randomNonce(), verifier, returnTo };
      const configuration = await configure().catch(rethrowFault);
      const url = openid.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: settings.scopes,
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, attempt };
    },

    async finish(query, { state, nonce, verifier }) {
      const configuration = await configure().catch(rethrowFault);
      const answer = await openid
        .authorizationCodeGrant(configuration, new URL(`${redirectUri}?${query}`), {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        })
        .catch(rethrowFault);
      const claims = answer.claims();
      if (claims === undefined) throw loginFailed('the issuer sent no ID token');
      const role = roleOfGroups(groupsOfClaim(claims, settings.roleClaim), roles);
      if (role === null) {
        throw loginFailed(`the claim ${settings.roleClaim} gives no role here`, 'ask whoever keeps the groups');
      }
      return { subject: `oidc:${claims.sub}`.slice(0, 256), displayName: nameOf(claims), role };
    },
  };
}

function nameOf(claims: Readonly<Record<string, unknown>>): string {
  const names = [claims['name'], claims['preferred_username'], claims['email'], claims['sub']];
  return (names.find((name): name is string => typeof name === 'string' && name !== '') ?? '').slice(0, 256);
}

/** Plain HTTP to an issuer is for tests and for a side-car on this very machine. */
function isPlainLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && (hostname === 'localhost' || isLoopbackAddress(hostname.replace(/^\[|\]$/g, '')));
}

/** Faults of the network and of an issuer that does not speak the protocol, not of this login. */
const issuerFaults: ReadonlySet<string> = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
  'OAUTH_HTTP_REQUEST_FORBIDDEN',
  'OAUTH_REQUEST_PROTOCOL_FORBIDDEN',
  'OAUTH_MISSING_SERVER_METADATA',
  'OAUTH_INVALID_SERVER_METADATA',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
]);

/** The causes of these errors carry tokens and codes, so nothing but their code goes on. */
function rethrowFault(error: unknown): never {
  if (error instanceof AtlasError) throw error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : null;
  if (error instanceof TypeError || code === null || issuerFaults.has(code)) {
    throw new AtlasError('LOGIN_UNAVAILABLE', 'the issuer of the login cannot be used', {
      where: code ?? 'connection',
      remedy: 'try again; check that this server reaches --oidc-issuer',
    });
  }
  throw loginFailed(`the issuer's answer was refused (${code})`, 'start the login again');
}

function loginFailed(message: string, remedy = 'start the login again'): AtlasError {
  return new AtlasError('LOGIN_FAILED', message, { where: 'OpenID Connect', remedy });
}
