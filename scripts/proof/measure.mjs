/** Runs the commands whose numbers docs/proof.md shows. Each result names its command. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const cli = join(root, 'apps', 'cli', 'bin', 'cpu-atlas.js');

/** A command to its end; what it prints on stderr is shown. @returns its standard output */
async function run(file, args, expected) {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
  const child = spawn(file, args, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  if (!expected.includes(code)) throw new Error(`${file} ${args.join(' ')} ended with ${code}\n${out.slice(-2000)}`);
  return out;
}

/** How tests ended, file by file, and what they tallied. */
export async function runTests(paths) {
  const folder = mkdtempSync(join(tmpdir(), 'cpu-atlas-proof-'));
  const report = join(folder, 'report.json');
  try {
    const vitest = join('node_modules', 'vitest', 'vitest.mjs');
    await run(process.execPath, [vitest, 'run', ...paths, '--reporter=json', `--outputFile=${report}`], [0, 1]);
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const files = testResults.map(({ name, assertionResults, startTime, endTime }) => ({
      file: relative(root, name),
      seconds: Math.round((endTime - startTime) / 1000),
      tests: assertionResults.map(({ status, fullName }) => ({ name: fullName, status })),
    }));
    files.sort((a, b) => (a.file < b.file ? -1 : 1));
    const tallies = testResults.flatMap(({ assertionResults }) =>
      assertionResults.flatMap(({ meta }) => meta?.tallies ?? []),
    );
    return { command: `npx vitest run ${paths.join(' ')}`, files, tallies };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Launches a sample of all cells of each QEMU, and compares. */
export async function launchLive({ binaries, sample }) {
  const what = ['--all-machines', '--all-models', '--sample', String(sample), '--format', 'json'];
  const runs = [];
  for (const binary of binaries) for (const accel of ['kvm', 'tcg']) runs.push(await launchOne(binary, accel, what));
  return { command: `cpu-atlas verify --qemu QEMU --accel ACCEL ${what.join(' ')}`, runs };
}

async function launchOne(binary, accel, what) {
  const qemu = await versionOf(binary);
  if (qemu === null) return { qemu: binary.split('/').at(-1), accel, leftOut: 'it is not installed' };
  const args = ['verify', '--qemu', binary, '--accel', accel, ...what];
  const out = await run(process.execPath, [cli, ...args], [0, 1, 2, 3]);
  const lines = out
    .trimEnd()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  const { summary } = lines.at(-1) ?? {};
  if (summary === undefined) return { qemu, accel, leftOut: 'it could not be asked' };
  const cells = lines.slice(0, -1);
  const count = (status) => cells.filter((cell) => cell.status === status).length;
  const statuses = { runnable: count('runnable'), filtered: count('filtered'), refused: count('refused') };
  const differing = cells.filter(({ outcome }) => outcome !== 'equal');
  return {
    qemu,
    accel,
    ...summary,
    ...statuses,
    differing: differing.map(({ machine, cpu, outcome, reason }) => `${machine} ${cpu}: ${reason ?? outcome}`),
  };
}

async function versionOf(binary) {
  const out = await run(binary, ['--version'], [0]).catch(() => '');
  const version = /version ([\d.]+)/.exec(out)?.[1];
  return version === undefined ? null : `QEMU ${version}`;
}

/** The same questions to Atlas, QEMU and virsh. */
export async function timeSideBySide({ rounds }) {
  const args = ['apps/cli/bench/side-by-side.bench.mjs', '--rounds', String(rounds), '--json'];
  return { command: `node ${args.join(' ')}`, ...JSON.parse(await run(process.execPath, args, [0])) };
}
