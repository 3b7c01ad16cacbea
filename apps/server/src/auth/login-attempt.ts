import { AtlasError } from '@cpu-atlas/core';
import { z } from 'zod';
import type { LoginAttempt } from './oidc-client.ts';

const attemptSchema = z.object({
  state: z.string().min(1).max(200),
  nonce: z.string().min(1).max(200),
  verifier: z.string().min(43).max(128),
  returnTo: z.string().max(2_000),
});

/** How long a person may take at the issuer. */
export const attemptLifeMs = 10 * 60_000;

/** A login attempt as the value of a cookie. */
export function attemptToText(attempt: LoginAttempt): string {
  return Buffer.from(JSON.stringify(attempt)).toString('base64url');
}

/** @throws LOGIN_FAILED when there is none, or not one of ours */
export function attemptFromText(text: string): LoginAttempt {
  try {
    return attemptSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    throw new AtlasError('LOGIN_FAILED', 'this browser did not begin a login here, or took too long', {
      where: 'cookie',
      remedy: 'start the login again',
    });
  }
}

/** The path of our own to return to; the start page for everything else, so that no link leads out by way of a login. */
export function ownPath(returnTo: string | undefined): string {
  const start = '/';
  if (returnTo === undefined || returnTo.length > 2_000 || !isPath(returnTo)) return start;
  const url = URL.canParse(returnTo, ownOrigin) ? new URL(returnTo, ownOrigin) : null;
  if (url === null || url.origin !== ownOrigin) return start;
  const path = `${url.pathname}${url.search}${url.hash}`;
  // `/.//name` has become `//name`, which is an address of somebody else.
  return isPath(path) ? path : start;
}

function isPath(text: string): boolean {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(text);
}

const ownOrigin = 'https://own.invalid';
