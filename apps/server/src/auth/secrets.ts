import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** So that a person, a log filter or a secret scanner recognises a token of CPU Atlas. */
export const tokenPrefix = 'cpuatlas_';
const tokenPattern = /^cpuatlas_([0-9a-f]{64})([0-9a-f]{8})$/;

/** A new token: the prefix, 256 random bits and a checksum, in hex. It is shown once and kept nowhere. */
export function createTokenSecret(): string {
  const random = randomBytes(32).toString('hex');
  return `${tokenPrefix}${random}${checksumOf(random)}`;
}

/** Whether a text can be a token at all; a slip of the pen or of the clipboard cannot, and needs no look in the store. */
export function isTokenSecret(text: string): boolean {
  const [, random = '', checksum] = tokenPattern.exec(text) ?? [];
  return checksum !== undefined && checksumOf(random) === checksum;
}

/** The secret of a cookie: 256 random bits. */
export function createCookieSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether a text can be the secret of a cookie. */
export function isCookieSecret(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

/**
 * What the store keeps of a secret: SHA-256, hex. A slow hash would gain nothing, because the secrets are random and
 * long, not chosen by people.
 */
export function hashSecret(secret: string): string {
  return hash('sha256', secret);
}

/** The short name of a token in lists and in the audit. */
export function createTokenId(): string {
  return randomBytes(8).toString('hex');
}

function checksumOf(random: string): string {
  return crc32(`${tokenPrefix}${random}`).toString(16).padStart(8, '0');
}
