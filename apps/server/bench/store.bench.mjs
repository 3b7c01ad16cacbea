// Contacts and snapshots a second through the store, and how long a call takes:
//   node apps/server/bench/store.bench.mjs [--store URL | --engine sqlite|postgresql] [--hosts N] [--seconds N] [--callers N]
// Without a URL: the embedded engine in a temporary folder, then a PostgreSQL that is started for it, if one is installed.
// Needs the build (npm run build).
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openStore } from '../dist/store/open-store.js';
import { findPostgres, startPostgres } from '../dist/testing/postgres.js';

const { values } = parseArgs({
  options: {
    store: { type: 'string' },
    engine: { type: 'string' },
    hosts: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '5' },
    callers: { type: 'string', default: '64' },
  },
});
const hostCount = Number(values.hosts);
const runMs = Number(values.seconds) * 1_000;
const callers = Number(values.callers);
const fingerprints = 300;

/** Real snapshots, of which each host gets a copy of its own. */
async function readBodies() {
  const folder = fileURLToPath(new URL('../../../data/snapshots/', import.meta.url));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
}

function makeSnapshot(bodies, host) {
  const text = bodies[host % bodies.length] ?? '';
  const body = Buffer.from(`${text.trimEnd().slice(0, -1)},"run":"${randomBytes(8).toString('hex')}"}`);
  const hash = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  return { hash, hostId: `host-${host}`, fingerprint: `sha256:fingerprint-${host % fingerprints}`, body };
}

/** The generator must not fill the memory that is measured. */
function withoutBody({ hash, hostId, fingerprint }) {
  return { hash, hostId, fingerprint };
}

function contactOf({ hash, hostId, fingerprint }, seenAtMs) {
  return {
    hostId,
    name: `node-${hostId}`,
    labels: { rack: `r${hostId.length}`, zone: 'z1' },
    source: 'agent',
    snapshotHash: hash,
    fingerprint,
    collectedAtMs: seenAtMs,
    seenAtMs,
    gapAfterMs: 120_000,
    agentVersion: '0.1.0',
  };
}

/** As many calls as `callers` at once make in the time, or, at a rate, as are due; latencies in ms. */
async function measure(name, call, { ratePerSecond } = {}) {
  const latencies = [];
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  let started = 0;
  const work = async () => {
    for (;;) {
      const elapsedMs = performance.now() - startMs;
      if (elapsedMs > runMs) return;
      if (ratePerSecond !== undefined && started >= (elapsedMs / 1_000) * ratePerSecond) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        continue;
      }
      started += 1;
      const beganMs = performance.now();
      await call(started);
      latencies.push(performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, work));
  const seconds = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  latencies.sort((a, b) => a - b);
  const at = (share) => (latencies[Math.floor(latencies.length * share)] ?? Number.NaN).toFixed(1);
  const rss = (process.memoryUsage.rss() / 1e6).toFixed(0);
  const core = ((user + system) / 1e6 / seconds) * 100;
  const perSecond = (latencies.length / seconds).toFixed(0);
  console.log(
    `${name.padEnd(34)} ${perSecond.padStart(7)}/s  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  max ${at(0.99999)} ms  CPU ${core.toFixed(0)} %  RSS ${rss} MB`,
  );
}

async function bench(url, title) {
  console.log(`\n${title}`);
  const store = await openStore(url, { onTrouble: (error) => console.error(String(error)) });
  const bodies = await readBodies();
  const fillMs = performance.now();
  const snapshots = [];
  for (let start = 0; start < hostCount; start += 500) {
    const some = Array.from({ length: Math.min(500, hostCount - start) }, (_, index) =>
      makeSnapshot(bodies, start + index),
    );
    await store.contents.putSnapshots(some);
    await store.observations.recordContacts(some.map((one) => contactOf(one, store.nowMs())));
    snapshots.push(...some.map(withoutBody));
  }
  console.log(`${hostCount} hosts filled in ${((performance.now() - fillMs) / 1_000).toFixed(1)} s`);
  let changes = 0;
  store.changes.subscribe((lines) => (changes += lines.length));

  const heartbeat = (count) =>
    store.observations.recordContacts([contactOf(snapshots[count % hostCount], store.nowMs())]);
  const newSnapshot = async (count) => {
    const host = (count * 7) % hostCount;
    const made = makeSnapshot(bodies, host);
    await store.contents.putSnapshots([made]);
    await store.observations.recordContacts([contactOf(made, store.nowMs())]);
    snapshots[host] = withoutBody(made);
  };
  await measure('contacts, as many as go', heartbeat);
  await measure('contacts, 2,000/s', heartbeat, { ratePerSecond: 2_000 });
  await measure('new snapshots, as many as go', newSnapshot);
  await measure('new snapshots, 300/s', newSnapshot, { ratePerSecond: 300 });
  await measure(
    '2,000 contacts/s + 300 snapshots/s',
    (count) => (count % 23 < 3 ? newSnapshot(count) : heartbeat(count)),
    { ratePerSecond: 2_300 },
  );

  const time = async (name, call) => {
    const beganMs = performance.now();
    const { length, size } = await call();
    console.log(`${name.padEnd(34)} ${(performance.now() - beganMs).toFixed(0)} ms  (${length ?? size} rows)`);
  };
  await time('hosts()', () => store.observations.hosts());
  await time('observationsAt(now)', () => store.observations.observationsAt(store.nowMs()));
  await time('observationsAt(a moment ago)', () => store.observations.observationsAt(store.nowMs() - runMs));
  await time('snapshotsByFingerprint(300)', () =>
    store.contents.snapshotsByFingerprint(
      Array.from({ length: fingerprints }, (_, index) => `sha256:fingerprint-${index}`),
    ),
  );
  await time('hosts(), again', () => store.observations.hosts());
  const beganMs = performance.now();
  const report = await store.applyRetention({ observationsMs: 2_000, auditMs: null, changesMs: 2_000 });
  console.log(
    `retention                          ${(performance.now() - beganMs).toFixed(0)} ms  ${JSON.stringify(report)}`,
  );
  console.log(`changes heard: ${changes}, RSS ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`);
  await store.close();
}

if (values.store !== undefined) {
  await bench(values.store, 'the given store');
} else {
  if (values.engine !== 'postgresql') await benchEmbedded();
  if (values.engine !== 'sqlite') await benchPostgres();
}

async function benchEmbedded() {
  const folder = await mkdtemp(join(tmpdir(), 'cpu-atlas-bench-'));
  await bench(join(folder, 'atlas.db'), 'embedded engine').finally(() => rm(folder, { recursive: true }));
}

async function benchPostgres() {
  if (findPostgres() === null) {
    console.log('\nPostgreSQL: not installed');
    return;
  }
  const server = await startPostgres();
  try {
    await bench(await server.createDatabase(), 'PostgreSQL');
  } finally {
    await server.close();
  }
}
