import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const bin = fileURLToPath(new URL('../../bin/cpu-atlas.js', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts the built `cpu-atlas` as a user would. */
export function startCli(
  args: readonly string[],
  environment: Record<string, string> = {},
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [bin, ...args], { env: { ...process.env, ...environment } });
}

/** Runs it to its end with that input. */
export async function runCli(
  args: readonly string[],
  input = '',
  environment: Record<string, string> = {},
): Promise<CliResult> {
  const child = startCli(args, environment);
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text));
  child.stdin.on('error', () => undefined).end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...texts };
}

/** A host that was recorded with its KVM. */
export const recordedHost = join(root, 'apps/server/src/testing/epyc-milan.snapshot.json');
export const catalog10 = join(root, 'data/qemu/10.0.13/catalog.json');

/** A fault is one line on stderr with its code, nothing on stdout, and never a stack trace. */
export function expectFault({ code, out, err }: CliResult, fault: string, exit = 2): void {
  expect(err).toMatch(new RegExp(`^${fault}: .+\n$`));
  expect(err).not.toMatch(/\n\s+at /);
  expect([code, out]).toEqual([exit, '']);
}

/** A folder for what the tests of one file write. */
export function useFolder(): { readonly folder: string } {
  const place = { folder: '' };
  beforeAll(async () => {
    place.folder = await mkdtemp(join(tmpdir(), 'cpu-atlas-cli-'));
  });
  afterAll(() => rm(place.folder, { recursive: true, force: true }));
  return place;
}
