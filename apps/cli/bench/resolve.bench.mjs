// `npm run bench`: how fast Atlas answers, beside the real QEMU's time for the same cells in the same run.
// Run it on a quiet machine, after `npm run build`.
import { cpus, loadavg } from 'node:os';
import { findQemuBinary, loadCatalogFile, readQemuVersion, verifyCell } from '@cpu-atlas/catalog';
import { computeHostMatrix, createContext, indexCatalog, resolve } from '@cpu-atlas/core';
import { collectSnapshot } from '@cpu-atlas/prober';
import { chooseCatalog, listShippedCatalogs, shippedDirectory } from '@cpu-atlas/server/library';
import { formatMs as ms, medianOf, time } from './timing.mjs';

const rounds = 30;
const liveCells = 12;

const rows = [];
const note = (what, value, remark = '') => rows.push([what, value, remark]);
const binary = await findQemuBinary('qemu-system-x86_64').catch(() => null);
const version = binary === null ? '11.1' : (await readQemuVersion(binary)).version;
const choice = chooseCatalog(await listShippedCatalogs(shippedDirectory), { version });
if (choice === null) throw new Error('no catalog is shipped: run this in a whole checkout');

const probe = await time(() => collectSnapshot({ qemu: false }), 10);
note('probe without QEMU', ms(probe.median), `first ${ms(probe.cold)}; limit 50 ms`);
const load = await time(() => loadCatalogFile(choice.catalog.path), 10);
note('load a catalog', ms(load.median), `first ${ms(load.cold)}; limit 50 ms`);

const snapshot = await collectSnapshot({ qemu: false });
const { catalog } = await loadCatalogFile(choice.catalog.path);
const index = indexCatalog(catalog);

for (const accel of ['kvm', 'tcg']) {
  const matrix = await time(() => computeHostMatrix(createContext(index, snapshot), { accel }), rounds);
  const { models, columns } = computeHostMatrix(createContext(index, snapshot), { accel });
  const machines = columns.reduce((sum, column) => sum + column.machines.length, 0);
  const cells = models.length * machines;
  note(
    `matrix, ${accel}: ${models.length} models × ${machines} machine types`,
    ms(matrix.median),
    `first ${ms(matrix.cold)}; limit 20 ms`,
  );
  note(`  cells a second`, Math.round((cells / matrix.median) * 1000).toLocaleString('en'), `${cells} cells`);
}

const requests = catalog.models.map(({ name }) => ({
  accel: 'tcg',
  machine: catalog.machines.find((_, i) => (catalog.tcg?.machineGroups[i] ?? -1) >= 0)?.name ?? 'q35',
  cpu: name,
}));
const context = createContext(index, snapshot);
const whole = await time(() => requests.forEach((request) => resolve(context, request)), rounds);
const perCellMs = whole.median / requests.length;
note(
  'whole resolutions a second',
  Math.round(1000 / perCellMs).toLocaleString('en'),
  `${(perCellMs * 1000).toFixed(1)} µs each`,
);

if (binary === null) {
  note('live QEMU', 'not measured', 'there is no qemu-system-x86_64');
} else {
  const step = Math.max(1, Math.floor(requests.length / liveCells));
  const durations = [];
  for (const request of requests.filter((_, at) => at % step === 0)) {
    const verification = await verifyCell({
      ...request,
      binary,
      resolution: resolve(context, request),
      timeoutMs: 30_000,
    });
    durations.push(verification.durationMs);
  }
  const median = medianOf(durations);
  note(
    'live QEMU, one cell',
    ms(median),
    `median of ${durations.length} launches; Atlas is ${Math.round(median / perCellMs).toLocaleString('en')} times as fast`,
  );
}

const widths = [0, 1].map((at) => Math.max(...rows.map((row) => row[at].length)));
console.log(
  `QEMU ${version}, catalog ${catalog.qemu.version}, Node ${process.version}, ${cpus().length} CPUs, load ${loadavg()[0]?.toFixed(1)}`,
);
for (const [what, value, remark] of rows)
  console.log(`${what.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)}  ${remark}`);
