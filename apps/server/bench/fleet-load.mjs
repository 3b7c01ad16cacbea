/**
 * Loads a hub with a fleet that speaks the real protocol over real sockets:
 *
 *   node apps/server/bench/fleet-load.mjs [--hosts 10000] [--fingerprints 300] [--seconds 30] [--heartbeats 2000]
 *                                         [--snapshots 300] [--connections 500] [--no-tokens]
 *                                         [--engine both|sqlite|postgresql | --store URL]
 *
 * The hub is `cpu-atlas serve` as built, in a process of its own; this process is the fleet. First all hosts join as fast
 * as they can, then heartbeats and changed snapshots come at the given rates, whether the hub keeps up or not: a latency
 * counts from when the request was due. A change is three requests, as an agent makes them: a heartbeat that names a hash,
 * the snapshot, a heartbeat. At the end it is checked that what was acknowledged is there.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { canonicalJson } from '@cpu-atlas/core';
import { parseSnapshotText } from '@cpu-atlas/contract';
import { startPostgres } from '../dist/testing/postgres.js';
import { connect } from './http-connection.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { values } = parseArgs({
  allowNegative: true,
  options: {
    hosts: { type: 'string', default: '10000' },
    fingerprints: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '30' },
    heartbeats: { type: 'string', default: '2000' },
    snapshots: { type: 'string', default: '300' },
    connections: { type: 'string', default: '500' },
    engine: { type: 'string', default: 'both' },
    store: { type: 'string' },
    tokens: { type: 'boolean', default: true },
  },
});
const load = Object.fromEntries(
  ['hosts', 'fingerprints', 'seconds', 'heartbeats', 'snapshots', 'connections'].map((key) => [
    key,
    Number(values[key]),
  ]),
);

/** Real snapshots; of each as many variants as it takes, which differ in the stepping, and so in the fingerprint. */
function readVariants() {
  const folder = join(root, 'data', 'snapshots');
  const bases = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => parseSnapshotText(readFileSync(join(folder, name), 'utf8'), name))
    .filter(({ hardware }) => hardware !== undefined && 'cpus' in hardware);
  return Array.from({ length: load.fingerprints }, (_, f) => withStepping(bases[f % bases.length], f / bases.length));
}

function withStepping(snapshot, variant) {
  const stepping = Math.floor(variant) & 0xf;
  const change = (entry) => {
    if (Number(entry.leaf) !== 1) return entry;
    const eax = ((Number(entry.eax) & ~0xf) | stepping) >>> 0;
    return { ...entry, eax: `0x${eax.toString(16).padStart(8, '0')}` };
  };
  const cpus = snapshot.hardware.cpus.map((group) => ({ ...group, cpuid: group.cpuid.map(change) }));
  return { ...snapshot, hardware: { ...snapshot.hardware, cpus } };
}

/** A host as its agent sends it; `revision` changes the microcode, and so the hash, but not the fingerprint. */
function contentOf(variants, host, revision) {
  const base = variants[host % variants.length];
  const id = `load-${String(host).padStart(6, '0')}`;
  const snapshot = {
    ...base,
    host: { id, name: `${id}.example`, labels: { rack: `r${host % 40}` } },
    hardware: { ...base.hardware, microcode: `0x${(0x1000 + revision).toString(16)}` },
  };
  const hash = `sha256:${createHash('sha256')
    .update(canonicalJson({ ...snapshot, collectedAt: undefined }))
    .digest('hex')}`;
  return { id, hash, body: gzipSync(JSON.stringify(snapshot), { level: 1 }) };
}

/** As the unit and the image start it. For a profile of the hub: HUB_NODE_OPTIONS='--cpu-prof --cpu-prof-dir=DIR'. */
const hubNodeOptions = ['--max-old-space-size=512', ...(process.env.HUB_NODE_OPTIONS?.split(' ') ?? [])];

async function startHub(storeUrl) {
  const directory = mkdtempSync(join(tmpdir(), 'cpu-atlas-load-'));
  const args = ['serve', '--port', '0', '--no-harvest', '--log-level', 'warn', '--data-dir', directory];
  if (storeUrl !== null) args.push('--store', storeUrl);
  const child = spawn(process.execPath, [...hubNodeOptions, join(root, 'apps/cli/bin/cpu-atlas.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text)));
    child.once('exit', () => reject(new Error('the hub did not start')));
  });
  const port = Number(/:(\d+)\s*$/.exec(line)?.[1]);
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  return { port, pid: child.pid, stop };
}

const ticksPerSecond = 100;
function usageOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return {
    cpuSeconds: (Number(stat[11]) + Number(stat[12])) / ticksPerSecond,
    rss: megabytes('VmRSS'),
    peak: megabytes('VmHWM'),
  };
}

function createFleet(port, tokens) {
  const connections = Array.from({ length: load.connections }, () => connect(port));
  let next = 0;
  const send = (host, request) => {
    const connection = connections[next++ % connections.length];
    const token = tokens[host];
    return connection.send(
      token === undefined ? request : { ...request, headers: { authorization: `Bearer ${token}` } },
    );
  };
  const beat = async (host, { id, hash }) => {
    const heartbeat = { snapshot: hash, snapshotAgeMs: 1000, agentVersion: '0.1.0', takesCommands: true, harvests: [] };
    const body = Buffer.from(JSON.stringify(heartbeat));
    const answer = await send(host, { method: 'POST', path: `/api/v1/hosts/${id}/heartbeats`, body });
    if (answer.status !== 200) throw new Error(`heartbeat: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text);
  };
  const puts = [];
  const put = async (host, { hash, body }) => {
    const startedAt = performance.now();
    const answer = await send(host, { method: 'PUT', path: `/api/v1/snapshots/${hash}`, body, isCompressed: true });
    if (answer.status !== 200) throw new Error(`snapshot: ${answer.status} ${answer.text}`);
    puts.push(performance.now() - startedAt);
  };
  /** As an agent does it: it says what it looks like, sends what is wanted, and says it again. */
  const change = async (host, content) => {
    const { wanted } = await beat(host, content);
    if (wanted.snapshot !== null) await put(host, content);
    const { isRecorded } = await beat(host, content);
    if (!isRecorded) throw new Error('a heartbeat after its snapshot was not recorded');
  };
  return { send, beat, change, puts, close: () => connections.forEach((connection) => connection.close()) };
}

async function makeTokens(port) {
  const fleet = createFleet(port, []);
  const tokens = new Array(load.hosts);
  await inParallel(load.hosts, load.connections, async (host) => {
    const id = `load-${String(host).padStart(6, '0')}`;
    const body = Buffer.from(JSON.stringify({ name: id, role: 'agent', host: id, hostId: id }));
    const answer = await fleet.send(host, { method: 'POST', path: '/api/v1/tokens', body });
    if (answer.status !== 201) throw new Error(`token: ${answer.status} ${answer.text}`);
    tokens[host] = JSON.parse(answer.text).secret;
  });
  fleet.close();
  return tokens;
}

async function inParallel(count, width, work) {
  let next = 0;
  const run = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, run));
}

/** Starts one piece of work at each of its times; the latency counts from then. */
async function atRate(perSecond, seconds, work) {
  const latencies = [];
  const running = new Set();
  const startedAt = performance.now();
  const total = perSecond * seconds;
  for (let i = 0; i < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * perSecond) + 1);
    for (; i < due; i += 1) {
      const dueAt = startedAt + (i / perSecond) * 1000;
      const one = work(i).then(() => {
        latencies.push(performance.now() - dueAt);
        running.delete(one);
      });
      running.add(one);
    }
    await delay(2);
  }
  await Promise.all(running);
  return { latencies, seconds: (performance.now() - startedAt) / 1000 };
}

/** Whose heartbeat is next: one host after the other, without those that are sending a snapshot. */
function createTurn() {
  const turn = {
    host: 0,
    busy: new Set(),
    /** Heartbeats that are under way, by host. */
    beats: new Map(),
    next() {
      do turn.host = (turn.host + 1) % load.hosts;
      while (turn.busy.has(turn.host));
      return turn.host;
    },
  };
  return turn;
}

function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function report(name, { latencies, seconds }) {
  const sorted = latencies.sort((a, b) => a - b);
  const ms = (share) => `${percentile(sorted, share).toFixed(1)} ms`;
  console.log(
    `${name.padEnd(14)} ${(sorted.length / seconds).toFixed(0).padStart(6)}/s   p50 ${ms(0.5)}   p99 ${ms(0.99)}   max ${ms(1)}`,
  );
}

async function check(fleet, current) {
  const list = await fleet.send(-1, { method: 'GET', path: '/api/v1/hosts?source=agent&limit=1' });
  const { total, byFreshness } = JSON.parse(list.text);
  let wrong = 0;
  for (let host = 0; host < load.hosts; host += Math.max(1, Math.floor(load.hosts / 200))) {
    const { status, text } = await fleet.send(-1, { method: 'GET', path: `/api/v1/hosts/${current[host].id}` });
    if (status !== 200 || JSON.parse(text).summary.snapshotHash !== current[host].hash) wrong += 1;
  }
  console.log(`check          ${total} hosts (${JSON.stringify(byFreshness)}), ${wrong} of a sample wrong`);
  return wrong === 0 && total === load.hosts;
}

async function loadHub(storeUrl) {
  const hub = await startHub(storeUrl);
  try {
    return await measure(hub);
  } finally {
    await hub.stop();
  }
}

async function measure(hub) {
  const tokens = values.tokens ? await makeTokens(hub.port) : [];
  const fleet = createFleet(hub.port, tokens);
  const current = Array.from({ length: load.hosts }, (_, host) => contentOf(variants, host, 0));
  const before = usageOf(hub.pid);
  const joinedAt = performance.now();
  await inParallel(load.hosts, load.connections, (host) => fleet.change(host, current[host]));
  const joinSeconds = (performance.now() - joinedAt) / 1000;
  console.log(
    `joining        ${(load.hosts / joinSeconds).toFixed(0).padStart(6)}/s   ${load.hosts} hosts in ${joinSeconds.toFixed(1)} s, hub ${(((usageOf(hub.pid).cpuSeconds - before.cpuSeconds) / joinSeconds) * 100).toFixed(0)} % of a core`,
  );
  fleet.puts.length = 0;
  const changes = Array.from({ length: load.snapshots * load.seconds }, (_, i) => {
    const host = (i * 7919) % load.hosts;
    return { host, content: contentOf(variants, host, i + 1) };
  });
  const turn = createTurn();
  const start = usageOf(hub.pid);
  const own = process.cpuUsage();
  const [beats, news] = await Promise.all([
    atRate(load.heartbeats, load.seconds, () => {
      const host = turn.next();
      const beat = fleet.beat(host, current[host]).finally(() => turn.beats.delete(host));
      turn.beats.set(host, beat);
      return beat;
    }),
    atRate(load.snapshots, load.seconds, async (i) => {
      const { host, content } = changes[i];
      // An agent says one thing at a time.
      turn.busy.add(host);
      await turn.beats.get(host);
      current[host] = content;
      await fleet.change(host, content);
      turn.busy.delete(host);
    }),
  ]);
  const end = usageOf(hub.pid);
  const spent = process.cpuUsage(own);
  report('heartbeats', beats);
  report('changes', news);
  report('- snapshots', { latencies: fleet.puts, seconds: news.seconds });
  const share = ((end.cpuSeconds - start.cpuSeconds) / beats.seconds) * 100;
  const ownShare = ((spent.user + spent.system) / 1e6 / beats.seconds) * 100;
  console.log(
    `hub            ${share.toFixed(0)} % of a core, RSS ${end.rss} MB (peak ${end.peak} MB); fleet ${ownShare.toFixed(0)} % of a core`,
  );
  const isRight = await check(fleet, current);
  fleet.close();
  return isRight;
}

async function loadPostgres() {
  const server = await startPostgres();
  try {
    return await loadHub(await server.createDatabase());
  } finally {
    await server.close();
  }
}

const variants = readVariants();
const runs = {
  url: () => loadHub(values.store),
  sqlite: () => loadHub(null),
  postgresql: loadPostgres,
};
const chosen =
  values.store !== undefined ? ['url'] : values.engine === 'both' ? ['sqlite', 'postgresql'] : [values.engine];
for (const name of chosen) {
  console.log(`== ${name === 'url' ? values.store : name}, load of the machine ${loadavg()[0].toFixed(1)}`);
  if (!(await runs[name]())) process.exitCode = 1;
}
