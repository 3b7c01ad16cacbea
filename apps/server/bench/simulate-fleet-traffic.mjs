/** What the agents of a simulated fleet say, over real sockets, and what one browser hears of it. */
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from './http-connection.mjs';
import { hostIdOf } from './simulate-fleet-hosts.mjs';

/** Agents share connections here: a connection of its own for each of 100,000 is a matter of descriptors, not of work. */
export function createTraffic(port, connectionCount) {
  const connections = Array.from({ length: connectionCount }, () => connect(port));
  let turn = 0;
  const send = (what) => connections[(turn = (turn + 1) % connectionCount)].send(what);
  const beat = async (host, hash) => {
    const said = { snapshot: hash, snapshotAgeMs: 1000, agentVersion: '0.1.0', takesCommands: true, harvests: [] };
    const path = `/api/v1/hosts/${hostIdOf(host)}/heartbeats`;
    const answer = await send({ method: 'POST', path, body: Buffer.from(JSON.stringify(said)) });
    if (answer.status !== 200) throw new Error(`a heartbeat was answered ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text);
  };
  return {
    beat,
    /** As an agent does it: it says its hash, sends what is wanted, and says it again. */
    async change(host, { hash, body }) {
      const { wanted } = await beat(host, hash);
      if (wanted.snapshot !== null) {
        const path = `/api/v1/snapshots/${hash}`;
        const answer = await send({ method: 'PUT', path, body, isCompressed: true });
        if (answer.status !== 200) throw new Error(`a snapshot was answered ${answer.status} ${answer.text}`);
      }
      const { isRecorded } = await beat(host, hash);
      if (!isRecorded) throw new Error('a heartbeat after its snapshot was not recorded');
    },
    close: () => connections.forEach((connection) => connection.close()),
  };
}

/** Works through `count` pieces, `width` at a time. */
export async function inParallel(count, width, work) {
  let next = 0;
  const run = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, run));
}

/** `width` callers at once for a while; how much they got done each second. */
export async function flood(seconds, width, work) {
  const startedAt = performance.now();
  let done = 0;
  const run = async () => {
    while (performance.now() - startedAt < seconds * 1000) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: width }, run));
  return done / ((performance.now() - startedAt) / 1000);
}

/** Starts each piece when it is due, whether the hub keeps up or not; milliseconds from then to its end. */
export async function atRate(perSecond, seconds, work) {
  const latenciesMs = [];
  const running = [];
  const startedAt = performance.now();
  const total = Math.max(1, Math.round(perSecond * seconds));
  for (let i = 0; i < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * perSecond) + 1);
    for (; i < due; i += 1) {
      const dueAt = startedAt + (i / perSecond) * 1000;
      running.push(work(i).then(() => latenciesMs.push(performance.now() - dueAt)));
    }
    await delay(2);
  }
  await Promise.all(running);
  return { latenciesMs, perSecond: total / ((performance.now() - startedAt) / 1000) };
}

/** A browser: it notes when it heard that a host changed. */
export async function watchEvents(url) {
  const heardAt = new Map();
  const asked = request(`${url}/events`).end();
  const reply = await new Promise((resolve, reject) => asked.once('response', resolve).once('error', reject));
  let text = '';
  reply.setEncoding('utf8');
  reply.on('error', () => undefined);
  reply.on('data', (piece) => {
    const lines = (text + piece).split('\n');
    text = lines.pop();
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue;
      const { kind, host } = JSON.parse(line.slice('data: '.length));
      if (kind === 'host-observed') heardAt.set(host, performance.now());
    }
  });
  return { heardAt, close: () => asked.destroy() };
}

export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
