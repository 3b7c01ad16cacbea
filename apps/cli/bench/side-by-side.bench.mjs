/**
 * The same questions to Atlas and to those who know: the installed QEMU, launched, and libvirt's virsh. One run, so that
 * both sides have the same load of the machine.
 *
 *     node apps/cli/bench/side-by-side.bench.mjs [--rounds 15] [--json]
 *
 * virsh drives QEMU by itself here (`qemu:///embed`, a folder of its own), so that no daemon of this machine is asked.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findQemuBinary, launchQemu, loadCatalogFile, readQemuVersion, verifyCell } from '@cpu-atlas/catalog';
import { commonMachine, computeHostMatrix, createContext, indexCatalog, isUnknown, resolve } from '@cpu-atlas/core';
import { collectSnapshot } from '@cpu-atlas/prober';
import { chooseCatalog, listShippedCatalogs, shippedDirectory } from '@cpu-atlas/server/library';
import { formatMs, medianOf, runCommand, time } from './timing.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, json: { type: 'boolean' } } });
const rounds = Number(values.rounds);
const bin = fileURLToPath(new URL('../bin/cpu-atlas.js', import.meta.url));
const atlas = (...args) => [process.execPath, bin, ...args];
const quote = (command) =>
  command
    .map((word) => (word === bin ? 'cpu-atlas' : word))
    .filter((word) => word !== process.execPath)
    .join(' ');

/** Questions, each with what both sides took. */
const rows = [];
/** What was not measured, and why. */
const skipped = [];
const loadBefore = loadavg()[0];

const binary = await findQemuBinary('qemu-system-x86_64').catch(() => null);
const version = binary === null ? null : (await readQemuVersion(binary)).version;
const folder = await mkdtemp(join(tmpdir(), 'cpu-atlas-bench-'));
try {
  if (binary === null) skipped.push({ what: 'everything', why: 'there is no qemu-system-x86_64' });
  else await measureAll();
} finally {
  await rm(folder, { recursive: true, force: true });
}
report();

async function measureAll() {
  const choice = chooseCatalog(await listShippedCatalogs(shippedDirectory), { version });
  const { catalog } = await loadCatalogFile(choice.catalog.path);
  const snapshot = await collectSnapshot({ qemu: false });
  const context = createContext(indexCatalog(catalog), snapshot);
  const hasKvm = !isUnknown(snapshot.kernel ?? { unknown: '' }) && !isUnknown(snapshot.kernel.kvm);
  const accel = hasKvm ? 'kvm' : 'tcg';
  const machine = commonMachine([context.index]);
  await measureCells(context, accel, machine);
  await measureMachine(context, accel, machine);
  if (hasKvm) await measureLibvirt(machine);
  else skipped.push({ what: 'virsh', why: '/dev/kvm does not open, and virsh answers about KVM' });
}

async function measureCells(context, accel, machine) {
  const models = context.index.catalog.models.map(({ name }) => name);
  const step = Math.max(1, Math.floor(models.length / rounds));
  const requests = models.filter((_, at) => at % step === 0).map((cpu) => ({ accel, machine, cpu }));
  const own = await time(() => requests.forEach((request) => resolve(context, request)), rounds);
  const live = [];
  for (const request of requests) {
    const resolution = resolve(context, request);
    const { durationMs, outcome } = await verifyCell({ ...request, binary, resolution, timeoutMs: 30_000 });
    if (outcome !== 'could-not-tell') live.push(durationMs);
  }
  rows.push({
    question: `one cell: what -cpu becomes on ${machine}, ${accel}`,
    atlas: { how: 'resolve(), in the process', ms: own.median / requests.length },
    other: { how: `QEMU ${version}, launched for ${live.length} models`, ms: medianOf(live) },
  });
}

async function measureMachine(context, accel, machine) {
  const own = await time(() => computeHostMatrix(context, { accel }), rounds);
  const machines = context.index.catalog.machines.length;
  const live = await time(async () => {
    const qemu = await launchQemu({ binary, machine, accel, cpu: 'qemu64,-arch-capabilities', timeoutMs: 30_000 });
    try {
      await qemu.client.execute('query-cpu-definitions');
    } finally {
      await qemu.dispose();
    }
  }, rounds);
  rows.push({
    question: `all models: which run (Atlas on ${machines} machine types, QEMU on one)`,
    atlas: { how: 'computeHostMatrix(), in the process', ms: own.median },
    other: { how: `QEMU ${version}, launched, query-cpu-definitions`, ms: live.median },
  });
}

/** Commands from their start to their end; each of both starts anew. */
async function measureLibvirt(machine) {
  // Without these it would look for a user of its package, and write outside the folder.
  await mkdir(join(folder, 'etc'), { recursive: true });
  await writeFile(join(folder, 'etc', 'qemu.conf'), 'user = "root"\ngroup = "root"\nsecurity_driver = "none"\n');
  const virsh = (...args) => ['virsh', '--quiet', '--connect', `qemu:///embed?root=${folder}`, ...args];
  const about = ['--virttype', 'kvm', '--machine', machine];
  const first = await time(() => runCommand(virsh('domcapabilities', ...about)), 1).catch((error) => error);
  if (first instanceof Error) {
    const why = first.code === 'ENOENT' ? 'it is not installed' : first.message.split('\n').at(-1).slice(0, 200);
    skipped.push({ what: 'virsh', why });
    return;
  }
  const libvirt = `libvirt ${(await runCommand(['virsh', '--version'])).trim()}`;
  const cpu = join(folder, 'cpu.xml');
  await writeFile(cpu, "<cpu mode='custom' match='exact'><model>qemu64</model></cpu>\n");
  const host = join(folder, 'host.json');
  await runCommand(atlas('probe', '--no-qemu', '--out', host));
  const matrix = (of) => ['export', 'matrix', of, '--catalog', version, '--machines', machine, '--format', 'json'];
  const asked = ['--catalog', version, '--machine', machine];
  const questions = [
    {
      question: 'all models of a machine type, as a command',
      own: atlas(...matrix(host)),
      theirs: virsh('domcapabilities', ...about),
    },
    {
      question: 'the baseline of a host, as a command',
      own: atlas('baseline', host, ...asked),
      theirs: virsh('hypervisor-cpu-baseline', cpu, ...about),
    },
    {
      question: 'compare a CPU with a host, as a command',
      own: atlas('compare', host, '--model', 'qemu64', ...asked),
      theirs: virsh('hypervisor-cpu-compare', cpu, ...about),
    },
  ];
  rows.push({
    question: 'all models of a machine type, where nothing was asked before, as a command',
    atlas: {
      how: 'cpu-atlas export matrix self',
      ms: (await time(() => runCommand(atlas(...matrix('self'))), rounds)).median,
    },
    other: { how: `${libvirt}: virsh domcapabilities, nothing cached`, ms: first.median },
  });
  for (const { question, own, theirs } of questions) {
    const mine = await time(() => runCommand(own, [0, 1, 3]), rounds);
    const other = await time(() => runCommand(theirs, [0, 1]), rounds);
    rows.push({
      question,
      atlas: { how: quote(own.slice(0, 3)), ms: mine.median },
      other: { how: `${libvirt}: virsh ${theirs[4]}`, ms: other.median },
    });
  }
}

function report() {
  const machine = {
    node: process.version,
    cpus: cpus().length,
    model: cpus()[0]?.model ?? '',
    loadBefore,
    loadAfter: loadavg()[0],
  };
  if (values.json) {
    console.log(JSON.stringify({ machine, qemu: version, rounds, rows, skipped }));
    return;
  }
  console.log(`QEMU ${version}, Node ${machine.node}, ${machine.cpus} CPUs, load ${loadBefore?.toFixed(1)}`);
  for (const { question, atlas: own, other } of rows)
    console.log(`${question}\n  ${formatMs(own.ms)}  ${own.how}\n  ${formatMs(other.ms)}  ${other.how}`);
  for (const { what, why } of skipped) console.log(`skipped: ${what}: ${why}`);
}
