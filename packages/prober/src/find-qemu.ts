import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { QemuBinary, UnknownReason, UnreadQemu } from '@cpu-atlas/core';
import { parseQemuVersion } from './qemu-version.ts';
import { runCommand } from './run-command.ts';
import { explainUnknown } from './unknown-reasons.ts';

/** Where to look for QEMU binaries. */
export interface QemuSearch {
  /** Directories, separated by colons; `PATH` when not given. Relative ones are ignored. */
  readonly searchPath?: string;
  /** Absolute paths of further binaries, which are named in the snapshot even when they cannot be run. */
  readonly extraPaths?: readonly string[];
  /** Absolute paths outside `PATH` that are tried; where Red Hat puts its binary when not given. */
  readonly usualPaths?: readonly string[];
}

/** The binaries that told their version, and those that did not. */
export interface QemuFindings {
  readonly binaries: readonly QemuBinary[];
  readonly unread: readonly UnreadQemu[];
}

const binaryNames = ['qemu-system-x86_64', 'qemu-kvm'] as const;
const redHatPaths = ['/usr/libexec/qemu-kvm'] as const;
const maxBinaries = 64;
const versionLimits = { timeoutMs: 5_000, outputBytes: 16_384 } as const;

/** Finds the QEMU binaries of this host and asks each for its version. Names of one file count once. Never rejects. */
export async function findQemu(search: QemuSearch = {}): Promise<QemuFindings> {
  const extra = (search.extraPaths ?? []).filter((path) => isAbsolute(path));
  const found = await keepExecutables([...listSearchPath(search), ...(search.usualPaths ?? redHatPaths)]);
  const paths = await dropAliases([...extra, ...found]);
  const answers = await Promise.all(paths.slice(0, maxBinaries).map(readBinary));
  return {
    binaries: answers.flatMap((answer) => ('unknown' in answer ? [] : [answer])),
    unread: answers.flatMap((answer) => ('unknown' in answer ? [answer] : [])),
  };
}

function listSearchPath(search: QemuSearch): readonly string[] {
  const directories = (search.searchPath ?? process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((each) => isAbsolute(each));
  return directories.flatMap((directory) => binaryNames.map((name) => join(directory, name)));
}

async function keepExecutables(paths: readonly string[]): Promise<readonly string[]> {
  const kept = await Promise.all(paths.map(async (path) => ((await isExecutableFile(path)) ? [path] : [])));
  return kept.flat();
}

async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** The first name of each file; a name that leads nowhere stays, to be reported. */
async function dropAliases(paths: readonly string[]): Promise<readonly string[]> {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const target = await realpath(path).catch(() => path);
    if (!seen.has(target)) seen.set(target, path);
  }
  return [...seen.values()];
}

async function readBinary(path: string): Promise<QemuBinary | UnreadQemu> {
  const unread = (unknown: UnknownReason): UnreadQemu => ({ path, unknown });
  const outcome = await runCommand(path, ['--version'], versionLimits);
  if (outcome.kind === 'timeout') {
    return unread(explainUnknown('QEMU_TIMEOUT', `it did not tell its version in ${versionLimits.timeoutMs} ms`));
  }
  if (outcome.kind === 'failed') return unread(explainUnknown('QEMU_FAILED', outcome.message));
  const version = parseQemuVersion(outcome.stdout);
  if (version !== undefined && outcome.exitCode === 0) return { path, ...version };
  if (outcome.exitCode === 0) return unread(explainUnknown('QEMU_UNRECOGNIZED', 'its --version is not that of a QEMU'));
  const complaint = outcome.stderr.trim().split('\n', 1)[0] ?? '';
  return unread(
    explainUnknown('QEMU_FAILED', `--version ended with ${String(outcome.exitCode)}: ${complaint}`.slice(0, 500)),
  );
}
