/**
 * Grows a fleet in steps, and tells at each what a hub needs for it. Needs the build (npm run build).
 *
 *   node apps/server/bench/simulate-fleet.mjs [--steps 10000,30000,100000] [--fingerprints 300] [--seconds 10]
 *                                             [--connections 64] [--interval 30] [--store URL | --postgres] [--limit-seconds N] [--fill]
 *
 * At each step hosts join as fast as they can; then all of them send heartbeats every `interval` seconds, as agents do by
 * default, and some change. The hub is a process of its own, the fleet is
 * this one, and they speak the protocol of agents. `--limit-seconds`: no further step is begun after that time.
 * `--fill` saves time: all but the last thousand hosts of a step are written into the store while the hub is down.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { storedSnapshotOf } from '../dist/fleet/stored-snapshot.js';
import { openStore } from '../dist/store/open-store.js';
import { startPostgres } from '../dist/testing/postgres.js';
import { contentOf, hostIdOf, readKinds, snapshotOf } from './simulate-fleet-hosts.mjs';
import { startHub } from './simulate-fleet-hub.mjs';
import { atRate, createTraffic, flood, inParallel, percentile, watchEvents } from './simulate-fleet-traffic.mjs';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '10000,30000,100000' },
    fingerprints: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '10' },
    connections: { type: 'string', default: '64' },
    interval: { type: 'string', default: '30' },
    store: { type: 'string' },
    postgres: { type: 'boolean', default: false },
    fill: { type: 'boolean', default: false },
    'limit-seconds': { type: 'string', default: '3600' },
  },
});
const steps = values.steps.split(',').map(Number);
const [fingerprints, seconds, connections, intervalSeconds] = [
  values.fingerprints,
  values.seconds,
  values.connections,
  values.interval,
].map(Number);
/** Changes of a host are rare: reboots, updates. One a day would be 0.04 an hour; this is much. */
const changesPerHostAndHour = 0.5;
const cubePath = '/cube?catalog=10.0.13';
const eventWaitMs = 10_000;
const answerLimitMs = 240_000;
const hostsPerWrite = 500;
const hostsToJoin = 1_000;

const ms = (value) => (value < 10 ? value.toFixed(1) : String(Math.round(value)));
const print = (name, text) => console.log(`  ${name.padEnd(22)} ${text}`);

async function timeGet(url, path) {
  const startedAt = performance.now();
  const signal = AbortSignal.timeout(answerLimitMs);
  const reply = await fetch(`${url}${path}`, { headers: { 'accept-encoding': 'br' }, signal });
  const bytes = Buffer.from(await reply.arrayBuffer());
  if (!reply.ok) throw new Error(`${path} was answered ${reply.status} ${bytes.toString('utf8', 0, 500)}`);
  const sentBytes = Number(reply.headers.get('content-length') ?? bytes.length);
  return { ms: performance.now() - startedAt, sentBytes, bytes };
}

async function timeGets(url, path, count, pauseMs) {
  const taken = [];
  for (let i = 0; i < count; i += 1) {
    taken.push((await timeGet(url, path)).ms);
    await delay(pauseMs);
  }
  return `p50 ${ms(percentile(taken, 0.5))} ms, worst ${ms(percentile(taken, 1))} ms`;
}

async function joinHosts(hub, traffic, { kinds, hashes }, target) {
  const first = hashes.length;
  hashes.length = target;
  const before = hub.usage();
  const startedAt = performance.now();
  await inParallel(target - first, connections, async (offset) => {
    const content = contentOf(snapshotOf(kinds, first + offset, 0));
    hashes[first + offset] = content.hash;
    await traffic.change(first + offset, content);
  });
  const spent = (performance.now() - startedAt) / 1000;
  const cpuMs = ((hub.usage().cpuSeconds - before.cpuSeconds) * 1000) / (target - first);
  print('joining', `${Math.round((target - first) / spent)}/s, ${ms(cpuMs)} ms of the hub's CPU for each host`);
}

/** What agents do all day: heartbeats of all, now and then a change; and one browser that listens. */
async function runDay(hub, traffic, { kinds, hashes }, round) {
  const browser = await watchEvents(hub.url);
  const askedAt = new Map();
  const before = hub.usage();
  const startedAt = performance.now();
  let turn = 0;
  const changing = new Set();
  const nextHost = () => {
    do turn = (turn + 1) % hashes.length;
    while (changing.has(turn));
    return turn;
  };
  const changesPerSecond = (hashes.length * changesPerHostAndHour) / 3600;
  const [beats, changes] = await Promise.all([
    atRate(hashes.length / intervalSeconds, seconds, () => {
      const host = nextHost();
      return traffic.beat(host, hashes[host]);
    }),
    atRate(changesPerSecond, seconds, async (i) => {
      const host = (i * 7919) % hashes.length;
      changing.add(host);
      const content = contentOf(snapshotOf(kinds, host, round * 1_000_000 + i + 1));
      hashes[host] = content.hash;
      askedAt.set(hostIdOf(host), performance.now());
      await traffic.change(host, content);
      changing.delete(host);
    }),
  ]);
  const cpu = (hub.usage().cpuSeconds - before.cpuSeconds) / ((performance.now() - startedAt) / 1000);
  const limitAt = performance.now() + eventWaitMs;
  while (browser.heardAt.size < askedAt.size && performance.now() < limitAt) await delay(20);
  browser.close();
  const lagsMs = [...askedAt].flatMap(([host, at]) => {
    const heardAt = browser.heardAt.get(host);
    return heardAt === undefined ? [] : [heardAt - at];
  });
  const told = ({ latenciesMs, perSecond }) =>
    `${Math.round(perSecond)}/s, p50 ${ms(percentile(latenciesMs, 0.5))} ms, p99 ${ms(percentile(latenciesMs, 0.99))} ms`;
  print('heartbeats', `${told(beats)} (due: ${Math.round(hashes.length / intervalSeconds)}/s)`);
  print('changes', told(changes));
  print(
    'a browser hears them',
    `${lagsMs.length} of ${askedAt.size}, after p50 ${ms(percentile(lagsMs, 0.5))} ms, p99 ${ms(percentile(lagsMs, 0.99))} ms`,
  );
  print('hub meanwhile', `${Math.round(cpu * 100)} % of a core`);
}

async function measureCapacity(hub, traffic, { hashes }) {
  let turn = 0;
  const before = hub.usage();
  const startedAt = performance.now();
  const perSecond = await flood(Math.min(5, seconds), connections, () => {
    turn = (turn + 1) % hashes.length;
    return traffic.beat(turn, hashes[turn]);
  });
  const wall = (performance.now() - startedAt) / 1000;
  const cpuSeconds = hub.usage().cpuSeconds - before.cpuSeconds;
  print(
    'heartbeats at most',
    `${Math.round(perSecond)}/s, hub ${Math.round((cpuSeconds / wall) * 100)} % of a core, ${ms((cpuSeconds / wall / perSecond) * 1e6)} µs of CPU each`,
  );
}

/** Words are looked for in what snapshots say, too: the first search reads what the hub does not have in memory. */
async function measureSearch(hub) {
  try {
    const taken = [];
    for (let i = 0; i < 3; i += 1) taken.push(ms((await timeGet(hub.url, '/hosts?q=r77&limit=100')).ms));
    print('GET /hosts?q=r77', `${taken[0]} ms at first, then ${taken.slice(1).join(' and ')} ms`);
  } catch (error) {
    if (error.name !== 'TimeoutError') throw error;
    print('GET /hosts?q=r77', `no answer within ${answerLimitMs / 1000} s`);
  }
}

async function measureReads(hub) {
  print('GET /hosts?limit=100', await timeGets(hub.url, '/hosts?limit=100', 10, 100));
  const first = await timeGet(hub.url, cubePath);
  print(
    'cube, first request',
    `${ms(first.ms)} ms, ${Math.round(first.sentBytes / 1024)} KB of ${Math.round(first.bytes.length / 1024)} KB`,
  );
  print('cube, warm', await timeGets(hub.url, cubePath, 12, 400));
}

/** Hosts that joined before this hub started, with the content that their agents would have sent. */
async function fillStore({ directory, storeUrl }, { kinds, hashes }, target) {
  const store = await openStore(storeUrl ?? join(directory, 'atlas.db'));
  while (hashes.length < target) {
    const count = Math.min(hostsPerWrite, target - hashes.length);
    const snapshots = Array.from({ length: count }, (_, i) => snapshotOf(kinds, hashes.length + i, 0));
    const contents = snapshots.map((snapshot) => storedSnapshotOf(snapshot));
    await store.contents.putSnapshots(contents);
    const nowMs = store.nowMs();
    await store.observations.recordContacts(
      contents.map(({ hash, hostId, fingerprint }, i) => ({
        ...{ hostId, name: snapshots[i].host.name, labels: snapshots[i].host.labels, source: 'agent' },
        ...{ snapshotHash: hash, fingerprint, collectedAtMs: nowMs, seenAtMs: nowMs },
        ...{ gapAfterMs: 300_000, agentVersion: '0.1.0' },
      })),
    );
    hashes.push(...contents.map(({ hash }) => hash));
  }
  await store.close();
}

/** A hub that starts with a store that is there: how long until its list is whole. */
async function measureStart(place, count) {
  const startedAt = performance.now();
  const hub = await startHub(place.directory, place.storeUrl);
  try {
    const list = await timeGet(hub.url, '/hosts?source=agent&limit=1');
    const { total } = JSON.parse(list.bytes.toString());
    print('started again', `after ${ms(performance.now() - startedAt)} ms the list has ${total} of ${count} hosts`);
    if (total !== count) throw new Error('hosts were lost');
    print('RSS then', `${hub.usage().rssMb} MB`);
    const cube = await timeGet(hub.url, cubePath);
    print('cube then, cold', `${ms(cube.ms)} ms`);
  } finally {
    await hub.stop();
  }
}

async function sizeOfStore({ directory, storeUrl }) {
  if (storeUrl === undefined)
    return readdirSync(directory)
      .filter((name) => name.startsWith('atlas.db'))
      .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  const client = new pg.Client({ connectionString: storeUrl });
  await client.connect();
  const { rows } = await client.query('select pg_database_size(current_database()) as size');
  await client.end();
  return Number(rows[0].size);
}

async function runStep(place, fleet, { round, target }) {
  if (values.fill) await fillStore(place, fleet, target - hostsToJoin);
  const hub = await startHub(place.directory, place.storeUrl);
  try {
    const traffic = createTraffic(hub.port, connections);
    await joinHosts(hub, traffic, fleet, target);
    await runDay(hub, traffic, fleet, round);
    await measureCapacity(hub, traffic, fleet);
    await measureReads(hub);
    const { rssMb, peakMb } = hub.usage();
    print('RSS', `${rssMb} MB (peak ${peakMb} MB)`);
    await measureSearch(hub);
    print('RSS after searching', `${hub.usage().rssMb} MB`);
    print('store', `${Math.round((await sizeOfStore(place)) / 2 ** 20)} MB`);
    traffic.close();
  } finally {
    await hub.stop();
  }
  await measureStart(place, target);
}

async function simulate(place) {
  const begunAt = performance.now();
  const fleet = { kinds: readKinds(fingerprints), hashes: [] };
  for (const [round, target] of steps.entries()) {
    if (performance.now() - begunAt > Number(values['limit-seconds']) * 1000) {
      console.log(`no time for ${target} hosts`);
      return;
    }
    const load = loadavg().map((one) => one.toFixed(1));
    console.log(`${target} hosts, ${fingerprints} fingerprints; load of the machine ${load.join(' ')}`);
    await runStep(place, fleet, { round, target });
  }
}

const directory = mkdtempSync(join(tmpdir(), 'cpu-atlas-simulation-'));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
const server = values.postgres ? await startPostgres() : null;
try {
  await simulate({ directory, storeUrl: server === null ? values.store : await server.createDatabase() });
} finally {
  await server?.close();
}
