import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** What a test wants to be wrong with the next ID token. */
export interface TokenChanges {
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Signed by a key that the issuer never published. */
  readonly isForged?: boolean;
  /** Without any signature. */
  readonly isUnsigned?: boolean;
}

export interface Issuer {
  readonly url: string;
  /** Groups of the person that logs in, and what else is to be in, or wrong with, the ID token. */
  groups: readonly string[];
  changes: TokenChanges;
  /** Secrets that were handed out: none of them may appear in a log. */
  readonly secrets: string[];
  /** Forms that were posted to the token endpoint. */
  readonly exchanges: URLSearchParams[];
  close(): Promise<void>;
}

interface Grant {
  readonly nonce: string;
  readonly challenge: string;
  readonly redirectUri: string;
}

const clientId = 'cpu-atlas';
export const clientSecret = 'a-secret-of-the-client-7f3a';

/** A small OpenID Connect issuer on loopback: discovery, authorization without a question, tokens, keys. RS256. */
export async function startIssuer(): Promise<Issuer> {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const grants = new Map<string, Grant>();
  const state = { groups: [] as readonly string[], changes: {} as TokenChanges };
  const secrets: string[] = [clientSecret];
  const exchanges: URLSearchParams[] = [];
  let url = '';

  const authorize = (query: URLSearchParams, response: ServerResponse): void => {
    const code = randomBytes(24).toString('base64url');
    const redirectUri = query.get('redirect_uri') ?? '';
    const grant = { nonce: query.get('nonce') ?? '', challenge: query.get('code_challenge') ?? '', redirectUri };
    grants.set(code, grant);
    secrets.push(code, query.get('state') ?? '', grant.nonce);
    const back = new URL(redirectUri);
    back.search = new URLSearchParams({ code, state: query.get('state') ?? '' }).toString();
    response.writeHead(302, { location: back.href }).end();
  };

  const exchange = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await textOf(request));
    exchanges.push(form);
    const code = form.get('code') ?? '';
    const grant = grants.get(code);
    // A code is good for one exchange.
    grants.delete(code);
    const verifier = form.get('code_verifier') ?? '';
    secrets.push(verifier);
    const isRight =
      grant !== undefined &&
      form.get('client_secret') === clientSecret &&
      form.get('redirect_uri') === grant.redirectUri &&
      createHash('sha256').update(verifier).digest('base64url') === grant.challenge;
    if (!isRight) return sendJson(response, 400, { error: 'invalid_grant', error_description: `code ${code}` });
    const idToken = idTokenFor(grant);
    const accessToken = randomBytes(24).toString('base64url');
    secrets.push(idToken, accessToken);
    sendJson(response, 200, { access_token: accessToken, token_type: 'Bearer', id_token: idToken, expires_in: 300 });
  };

  const idTokenFor = ({ nonce }: Grant): string => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const claims = {
      ...{ iss: url, aud: clientId, sub: 'subject-1', name: 'Ada Example', nonce, groups: state.groups },
      ...{ iat: nowSeconds, exp: nowSeconds + 300 },
      ...state.changes.claims,
    };
    const { isForged, isUnsigned } = state.changes;
    return jwtOf(claims, isUnsigned === true ? null : isForged === true ? foreign.privateKey : keys.privateKey);
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    if (pathname === '/.well-known/openid-configuration') return sendJson(response, 200, metadataOf(url));
    if (pathname === '/keys') return sendJson(response, 200, { keys: [jwkOf(keys.publicKey)] });
    if (pathname === '/authorize') return authorize(searchParams, response);
    if (pathname === '/token') return void exchange(request, response);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return Object.assign(state, {
    url,
    secrets,
    exchanges,
    close: async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function metadataOf(url: string): object {
  return {
    issuer: url,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    jwks_uri: `${url}/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
  };
}

const keyId = 'key-1';

function jwkOf(key: KeyObject): object {
  return { ...key.export({ format: 'jwk' }), kid: keyId, use: 'sig', alg: 'RS256' };
}

/** Source: RFC 7515 §3, §A.2; RFC 7519 §6 for one without a signature */
function jwtOf(claims: object, key: KeyObject | null): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = key === null ? { alg: 'none' } : { alg: 'RS256', kid: keyId };
  const content = `${part(header)}.${part(claims)}`;
  const signature = key === null ? '' : sign('sha256', Buffer.from(content), key).toString('base64url');
  return `${content}.${signature}`;
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request) text += String(piece);
  return text;
}
