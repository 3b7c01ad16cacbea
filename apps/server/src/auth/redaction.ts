/** Headers that carry secrets, for pino's `redact`. */
export const secretHeaders = [
  'req.headers.authorization',
  'req.headers.cookie',
  'res.headers["set-cookie"]',
  'headers.authorization',
  'headers.cookie',
  'headers["set-cookie"]',
] as const;

/** Parameters of addresses that carry them. Source: OAuth 2.0, RFC 6749 §4.1.2; OpenID Connect Core §3.1.2.5 */
const secretParameters = /([?&](?:code|state|nonce|token|access_token|id_token|session_state|code_challenge)=)[^&#]*/gi;

/** An address as it may stand in a log or in an answer. */
export function withoutSecrets(url: string): string {
  return url.replace(secretParameters, '$1…');
}
