import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, expect, test } from 'vitest';
import { launchQemu } from './qemu-process.ts';
import { spawnGuarded, type Guard } from './spawn-guarded.ts';
import { processesLeft, processesWith } from './testing/processes.ts';
import { realQemus } from './testing/real-qemu.ts';

const folder = mkdtempSync(join(tmpdir(), 'cpu-atlas-guard-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A Node program of its own, made from the source under test, that starts a command and then waits. */
const parentProgram = buildParentProgram();

function buildParentProgram(): string {
  const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
  const options: ts.CompilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  const write = (name: string, source: string): void => {
    const code = ts.transpileModule(source, { compilerOptions: options }).outputText;
    writeFileSync(join(folder, name), code.replaceAll('@cpu-atlas/core', './errors.mjs'));
  };
  write('errors.mjs', read('../../../core/src/errors.ts'));
  write('spawn-guarded.mjs', read('./spawn-guarded.ts'));
  const program = join(folder, 'parent.mjs');
  const guard = pathToFileURL(join(folder, 'spawn-guarded.mjs')).href;
  writeFileSync(
    program,
    `import { spawnGuarded } from '${guard}';
     const [guard, how, ...command] = process.argv.slice(2);
     const { pid, stdout } = await spawnGuarded(command, guard);
     stdout.once('data', () => { console.log(pid); if (how === 'exit') process.exit(0); });
     setInterval(() => {}, 1000);`,
  );
  return program;
}

/** Runs the parent with a command that speaks once it runs, lets the parent end, and says who is left. */
async function outlivers(
  guard: Guard,
  end: 'SIGKILL' | 'SIGTERM' | 'exit',
  command: readonly string[],
  marker: string,
) {
  const how = end === 'exit' ? 'exit' : 'stay';
  const parent = spawn(process.execPath, [parentProgram, guard, how, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => parent.once('exit', resolve));
  const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
  if (end !== 'exit') {
    expect(processesWith(marker)).toContain(pid);
    parent.kill(end);
  }
  await ended;
  return processesLeft(marker);
}

const guards = ['auto', 'watchdog'] as const;
const ends = ['SIGKILL', 'SIGTERM', 'exit'] as const;
const deaths = guards.flatMap((guard) => ends.map((end) => ({ guard, end })));

test.each(deaths)('a shell ends with its parent ($end, guard $guard)', async ({ guard, end }) => {
  const marker = `cpu-atlas-test-${randomUUID()}`;
  // It ignores what can be ignored, and so must be killed.
  const command = ['/bin/sh', '-c', `trap '' TERM INT HUP; echo ${marker}; while :; do sleep 1; done`];
  expect(await outlivers(guard, end, command, marker)).toEqual([]);
});

test('the watchdog also ends a program that a wrapper started without exec', async () => {
  const marker = `cpu-atlas-test-${randomUUID()}`;
  const command = ['/bin/sh', '-c', `/bin/sh -c "trap '' TERM; echo ${marker}; while :; do sleep 1; done"; true`];
  expect(await outlivers('watchdog', 'SIGKILL', command, marker)).toEqual([]);
});

test.skipIf(realQemus.length === 0).each(realQemus.flatMap((binary) => guards.map((guard) => ({ binary, guard }))))(
  'QEMU ends with its killed parent: $binary, guard $guard (needs qemu-system-x86_64)',
  async ({ binary, guard }) => {
    const marker = `cpu-atlas-test-${randomUUID()}`;
    const args = ['-S', '-nodefaults', '-display', 'none', '-qmp', 'stdio', '-machine', 'none', '-accel', 'tcg'];
    expect(await outlivers(guard, 'SIGKILL', [binary, ...args, '-name', marker], marker)).toEqual([]);
  },
);

test.each(guards)('a program that ends by itself leaves nothing behind (guard %s)', async (guard) => {
  const marker = `cpu-atlas-test-${randomUUID()}`;
  const { child, pid } = await spawnGuarded(['/bin/sh', '-c', `exit 7 # ${marker}`], guard);
  const status = await new Promise((resolve) => child.once('exit', resolve));
  expect({ status, left: await processesLeft(marker) }).toEqual({ status: 7, left: [] });
  expect(child.pid).toBe(pid);
});

const hasSessionGroups = readSwitch('/proc/sys/kernel/sched_autogroup_enabled');

function readSwitch(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').trim() === '1';
  } catch {
    return false;
  }
}

test.skipIf(!hasSessionGroups).each(guards)(
  'the whole session of a program gives way to others (guard %s; needs a kernel that groups tasks by session)',
  async (guard) => {
    const { child, pid, stdin } = await spawnGuarded(['/bin/cat'], guard);
    const groupOf = (): string => readFileSync(`/proc/${pid}/autogroup`, 'utf8').trim();
    await expect.poll(groupOf).toMatch(/nice 10$/);
    stdin.end();
    await new Promise((resolve) => child.once('exit', resolve));
  },
);

test.skipIf(realQemus.length === 0).each(realQemus.flatMap((binary) => guards.map((guard) => ({ binary, guard }))))(
  'the process id is that of QEMU: $binary, guard $guard (needs qemu-system-x86_64)',
  async ({ binary, guard }) => {
    const qemu = await launchQemu({ binary, machine: 'none', accel: 'tcg', timeoutMs: 10_000, guard });
    expect(readFileSync(`/proc/${qemu.pid}/comm`, 'utf8')).toMatch(/^qemu/);
    await qemu.dispose();
  },
);
