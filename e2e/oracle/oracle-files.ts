import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** Root of the checkout. */
export const checkoutRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Recorded answers of real QEMU binaries and hosts; lies beside the checkout, and may be missing. */
export const oracleRoot = process.env.CPU_ATLAS_ORACLE ?? join(checkoutRoot, '..', 'shared', 'oracle');

export const hasOracle = existsSync(join(oracleRoot, 'README.md'));

/** Reads a JSON file of the oracle, gzipped or not. */
export function readOracle<T>(...path: string[]): T {
  const raw = readFileSync(join(oracleRoot, ...path));
  return JSON.parse((path.at(-1)?.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8')) as T;
}

export function listOracle(...path: string[]): string[] {
  return hasOracle ? readdirSync(join(oracleRoot, ...path)).sort() : [];
}
