import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from 'vitest';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const bin = fileURLToPath(new URL('../../bin/cpu-atlas.js', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const lock = join(root, 'node_modules', '.cache', 'cpu-atlas-cli-build');
const lockLimitMs = 120_000;

/**
 * Builds what the command line is made of, so that the tests run what the sources say. Quick when nothing changed; one
 * build at a time, because each test file asks for it.
 */
export async function buildCli(): Promise<void> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await mkdir(dirname(lock), { recursive: true });
  const deadline = Date.now() + lockLimitMs;
  // A lock that outlives the time of a build was left behind.
  while (!(await isTaken()) && Date.now() < deadline) await delay(50);
  try {
    await promisify(execFile)(process.execPath, [tsc, '-b', 'apps/cli'], { cwd: root });
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function isTaken(): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch {
    return false;
  }
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

/** A built command line and a folder for what the tests of one file write. */
export function useCli(): { readonly folder: string } {
  const place = { folder: '' };
  beforeAll(async () => {
    await buildCli();
    place.folder = await mkdtemp(join(tmpdir(), 'cpu-atlas-cli-'));
  }, 180_000);
  afterAll(() => rm(place.folder, { recursive: true, force: true }));
  return place;
}
