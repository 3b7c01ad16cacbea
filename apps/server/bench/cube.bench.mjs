// Measures GET /api/v1/cube on a store of many hosts: npm run build, then
//   node apps/server/bench/cube.bench.mjs [--hosts 10000] [--fingerprints 300] [--catalog 10.0.13 | own]
// The server runs in a process of its own, so that "cold" is the first request after it started.
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  ColumnComputer,
  classifyCells,
  createContext,
  fingerprintText,
  indexCatalog,
  planClasses,
} from '@cpu-atlas/core';

const root = new URL('../../../', import.meta.url);
const dist = (path) => import(new URL(`../dist/${path}`, import.meta.url).href);
const hostsPerWrite = 500;
const warmRequests = 40;
/** After this a server has computed ahead what a browser asks for first: the cube in which each host has its own QEMU. */
const settledMs = 5_000;

/** The same numbers on every run. */
function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

const hexOf = (value) => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

/** Hosts as a fleet has them: real silicon, and a KVM that offers it but for some bits, which differ from kind to kind. */
function makeKinds(count) {
  const folder = new URL('data/snapshots/', root);
  const recorded = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
    .filter(({ hardware }) => hardware !== undefined && !('unknown' in hardware) && hardware.partial !== true);
  const kvms = recorded.flatMap(({ kernel }) =>
    kernel === undefined || 'unknown' in kernel || 'unknown' in kernel.kvm ? [] : [kernel.kvm],
  );
  const random = createRandom(1);
  const kinds = new Map();
  for (let i = 0; kinds.size < count; i++) {
    const { hardware, ...rest } = recorded[i % recorded.length];
    const kvm = kvms[Math.floor(random() * kvms.length)];
    const masks = {
      ebx: ~(random() < 0.5 ? 1 << Math.floor(random() * 32) : 0),
      ecx: ~(1 << Math.floor(random() * 32)),
    };
    const supportedCpuid = hardware.cpus[0].cpuid
      .filter(({ leaf }) => Number(leaf) < 0x40000000 || Number(leaf) >= 0x50000000)
      .map((entry) => ({
        ...entry,
        ebx: Number(entry.leaf) === 7 ? hexOf(Number(entry.ebx) & masks.ebx) : entry.ebx,
        ecx: Number(entry.leaf) === 1 ? hexOf(Number(entry.ecx) & masks.ecx) : entry.ecx,
      }));
    const kernel = { release: `6.${i % 12}.0`, kvm: { ...kvm, supportedCpuid } };
    const qemu = [{ path: '/usr/bin/qemu-system-x86_64', version: ['7.2.22', '10.0.13', '11.1.3'][i % 3] }];
    const snapshot = { ...rest, hardware, kernel, qemu };
    kinds.set(fingerprintText(snapshot), snapshot);
  }
  return [...kinds].map(([text, snapshot]) => ({
    snapshot,
    fingerprint: `sha256:${createHash('sha256').update(text).digest('hex')}`,
  }));
}

async function fillStore(storeUrl, kinds, hostCount) {
  const { openStore } = await dist('store/open-store.js');
  const store = await openStore(storeUrl);
  const nowMs = store.nowMs();
  for (let at = 0; at < hostCount; at += hostsPerWrite) {
    const contacts = [];
    const snapshots = new Map();
    for (let i = at; i < Math.min(at + hostsPerWrite, hostCount); i++) {
      const kind = i % kinds.length;
      const { snapshot, fingerprint } = kinds[kind];
      // One snapshot a fingerprint: what a cube reads of the store.
      const hash = `sha256:${createHash('sha256').update(`kind ${kind}`).digest('hex')}`;
      snapshots.set(hash, { hash, hostId: `host-${i}`, fingerprint, body: Buffer.from(JSON.stringify(snapshot)) });
      contacts.push({
        hostId: `7b7c1f9e-0000-4000-8000-${String(i).padStart(12, '0')}`,
        name: `node-${i}.example`,
        labels: { rack: `r${i % 100}` },
        source: 'agent',
        snapshotHash: hash,
        fingerprint,
        collectedAtMs: nowMs,
        seenAtMs: nowMs + 3_600_000,
        gapAfterMs: 300_000,
        agentVersion: '0.1.0',
      });
    }
    await store.contents.putSnapshots([...snapshots.values()]);
    await store.observations.recordContacts(contacts.map((contact) => ({ ...contact, seenAtMs: nowMs })));
  }
  await store.close();
}

/** What the process of the server does: it tells its port, and answers until it is told to end. */
async function serve(storeUrl, dataDirectory) {
  const [{ createServer }, { createServices }, { shippedDirectory }, { openStore }] = await Promise.all(
    ['build-server.js', 'services.js', 'shipped-catalogs.js', 'store/open-store.js'].map(dist),
  );
  const store = await openStore(storeUrl);
  const snapshot = JSON.parse(readFileSync(new URL('data/snapshots/lab-epyc-milan-6.1.json', root), 'utf8'));
  const refuse = async () => {
    throw new Error('nothing is run in this measurement');
  };
  const machine = { probe: async () => snapshot, identify: refuse, harvest: undefined, verify: refuse };
  const freshness = {
    heartbeatMs: 30_000,
    staleAfterMissed: 1_000,
    unreachableAfterMissed: 2_000,
    importStaleAfterMs: 1e12,
    clockToleranceMs: 1e9,
  };
  const options = { store, machine, version: '0.0.0', dataDirectory, shippedDirectory, nowMs: Date.now, freshness };
  const { app, services } = await createServer({
    services: (log) => createServices(options, log),
    logger: false,
    webDirectory: dataDirectory,
    allowedNames: [],
  });
  await services.start();
  await services.readAllCatalogs();
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  process.send({ address });
  process.on('message', (message) => {
    if (message === 'rss') process.send({ rssMb: Math.round(process.memoryUsage().rss / 2 ** 20) });
    else void app.close().then(() => process.disconnect());
  });
}

function startServer(storeUrl, directory) {
  const child = fork(fileURLToPath(import.meta.url), ['serve', storeUrl, directory]);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    child.once('message', ({ address }) => resolve({ child, address }));
  });
}

async function timeRequest(address, catalog) {
  const startedAt = performance.now();
  const reply = await fetch(`${address}/api/v1/cube?catalog=${catalog}`, { headers: { 'accept-encoding': 'br' } });
  const body = await reply.arrayBuffer();
  if (!reply.ok) throw new Error(Buffer.from(body).toString());
  return {
    ms: performance.now() - startedAt,
    length: Number(reply.headers.get('content-length')),
    plain: body.byteLength,
  };
}

async function withServer(storeUrl, directory, run) {
  const { child, address } = await startServer(storeUrl, directory);
  try {
    return await run(address, child);
  } finally {
    child.removeAllListeners('exit');
    child.send('end');
    await new Promise((resolve) => child.once('exit', resolve));
  }
}

const askRss = (child) =>
  new Promise((resolve) => {
    child.once('message', ({ rssMb }) => resolve(rssMb));
    child.send('rss');
  });

/** Milliseconds of this process's own work, which other processes on the machine lengthen less than the wall clock. */
function timeOf(work) {
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  const text = `${Math.round(performance.now() - startedAt)} ms (${Math.round((user + system) / 1000)} ms of CPU)`;
  return { result, text };
}

/** Without server and store: what computing costs. */
function measureComputing(kinds, version) {
  const { catalog } = JSON.parse(readFileSync(new URL(`data/qemu/${version}/catalog.json`, root), 'utf8'));
  const prepared = timeOf(() => {
    const index = indexCatalog(catalog);
    return { index, plan: planClasses(index, classifyCells(index, { accel: 'kvm' })) };
  });
  const { index, plan } = prepared.result;
  const computer = new ColumnComputer(plan);
  const computeAll = () => {
    for (const { snapshot } of kinds) computer.computeColumn(createContext(index, snapshot));
  };
  const [cold, warm] = [timeOf(computeAll), timeOf(computeAll)];
  console.log(`computing ${kinds.length} fingerprints, QEMU ${version}: prepare ${prepared.text}`);
  console.log(`  columns ${cold.text} at first, ${warm.text} with warm code`);
}

async function main() {
  const { values } = parseArgs({
    options: {
      hosts: { type: 'string', default: '10000' },
      fingerprints: { type: 'string', default: '300' },
      catalog: { type: 'string', default: '10.0.13' },
    },
  });
  const directory = await mkdtemp(join(tmpdir(), 'cpu-atlas-cube-bench-'));
  const storeUrl = join(directory, 'atlas.db');
  const kinds = makeKinds(Number(values.fingerprints));
  if (values.catalog !== 'own') measureComputing(kinds, values.catalog);
  await fillStore(storeUrl, kinds, Number(values.hosts));
  const computed = await withServer(storeUrl, directory, (address) => timeRequest(address, values.catalog));
  console.log(`first request ever, all columns computed: ${Math.round(computed.ms)} ms`);
  for (const upMs of [0, 0, 0, settledMs, settledMs, settledMs])
    await withServer(storeUrl, directory, async (address, child) => {
      await new Promise((resolve) => setTimeout(resolve, upMs));
      const cold = await timeRequest(address, values.catalog);
      const warm = [];
      for (let i = 0; i < warmRequests; i++) {
        warm.push((await timeRequest(address, values.catalog)).ms);
        if (i % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 1_100));
      }
      warm.sort((a, b) => a - b);
      console.log(
        `server up for ${upMs / 1000} s, nobody has asked: cold ${Math.round(cold.ms)} ms; warm p50 ${warm[warmRequests / 2].toFixed(1)} ms, ` +
          `worst ${warm.at(-1).toFixed(1)} ms; ${Math.round(cold.length / 1024)} KB sent of ` +
          `${Math.round(cold.plain / 1024)} KB; RSS ${await askRss(child)} MB`,
      );
    });
  if (process.env.KEEP) console.log(directory);
  else await rm(directory, { recursive: true });
}

if (process.argv[2] === 'serve') await serve(process.argv[3], process.argv[4]);
else await main();
