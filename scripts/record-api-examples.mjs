/**
 * Asks a server of the demo fleet for one reply of each kind, and keeps them, cut short, as the examples of the OpenAPI
 * document (`data/api/reply-examples.json`):
 *
 *   npm run build && node scripts/record-api-examples.mjs
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson } from '../packages/core/dist/index.js';
import * as contract from '../packages/contract/dist/index.js';
import { root, serveAtlas } from './dashboard/served-demo.mjs';
import { render } from './render-json.mjs';

const target = join(root, 'data/api/reply-examples.json');

/** Elements of an array, and entries of a long record, that an example keeps. */
const keptElements = 2;
const longRecord = 16;
const longText = 200;

/** The exported schemas of the API by their id. */
const schemas = new Map(
  Object.values(contract).flatMap((value) => {
    const id = typeof value?.meta === 'function' ? value.meta()?.id : undefined;
    return id === undefined ? [] : [[id, value]];
  }),
);

/** The body that the document shows for a request; the hosts of the demo have an older QEMU. */
const shownBody = (id) =>
  JSON.parse(JSON.stringify(schemas.get(id)?.meta()?.example).replaceAll('pc-q35-10.0', 'pc-q35-7.2'));

/**
 * The reply with long lists, records and texts cut wherever the schema takes it so: from the outside to the inside, so that
 * what is cut away need not be looked at.
 */
function cutShort(schema, reply) {
  const whole = structuredClone(reply);
  const holds = () => schema.safeParse(structuredClone(whole)).success;
  const visit = (holder, key) => {
    const value = holder[key];
    const shorter = shorten(value);
    if (shorter !== value) {
      holder[key] = shorter;
      if (!holds()) holder[key] = value;
    }
    const kept = holder[key];
    if (typeof kept === 'object' && kept !== null) for (const inner of Object.keys(kept)) visit(kept, inner);
  };
  for (const key of Object.keys(whole)) visit(whole, key);
  return whole;
}

function shorten(value) {
  if (Array.isArray(value) && value.length > keptElements) return value.slice(0, keptElements);
  if (typeof value === 'string' && value.length > longText) return `${value.slice(0, 79)}…`;
  if (typeof value === 'object' && value !== null && Object.keys(value).length > longRecord) {
    return Object.fromEntries(Object.entries(value).slice(0, keptElements));
  }
  return value;
}

/** One reply of each kind, in an order in which each finds what it needs. */
async function askAll(url) {
  const replies = {};
  const ask = async (id, method, path, body, type = 'application/json') => {
    const response = await fetch(url + path, {
      method,
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${id}: ${method} ${path}: ${response.status} ${text}`);
    const reply = JSON.parse(text);
    const schema = schemas.get(id);
    if (schema === undefined) throw new Error(`no schema is called ${id}`);
    replies[id] = cutShort(schema, reply);
    return reply;
  };
  const host = 'demo:lab-epyc-milan-6.1';
  await ask('HostList', 'GET', '/api/v1/hosts?limit=2');
  const detail = await ask('HostDetail', 'GET', `/api/v1/hosts/${host}`);
  const { snapshotHash } = detail.summary;
  const snapshot = await ask('HostSnapshot', 'GET', `/api/v1/snapshots/${snapshotHash}`);
  const { items: catalogs } = await ask('CatalogList', 'GET', '/api/v1/catalogs');
  await ask('Catalog', 'GET', `/api/v1/catalogs/${catalogs[0].hash}`);
  const post = (path, body) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const other = await ask('HostDetail', 'GET', '/api/v1/hosts/demo:lab-rome-a');
  await joinTwo(ask, post, { 'node-a': snapshot, 'node-b': other.snapshot });
  await ask('Session', 'GET', '/api/v1/session');
  const token = await ask('TokenCreated', 'POST', '/api/v1/tokens', shownBody('TokenRequest'));
  await ask('TokenList', 'GET', '/api/v1/tokens');
  await ask('AuditList', 'GET', '/api/v1/audit');
  await ask('ObservationList', 'GET', `/api/v1/hosts/${host}/observations`);
  await ask('ModelList', 'GET', '/api/v1/models?limit=2&catalog=10.0');
  await ask('MachineTypeList', 'GET', '/api/v1/machine-types?limit=2&catalog=10.0');
  await ask('FeatureList', 'GET', '/api/v1/features?limit=2&catalog=10.0');
  await ask('HostMatrix', 'GET', `/api/v1/matrix?host=${host}&catalog=10.0`);
  await ask('Cube', 'GET', '/api/v1/cube?catalog=10.0');
  await ask('SecurityResult', 'GET', '/api/v1/security?model=EPYC-Milan');
  await ask('Presets', 'GET', '/api/v1/presets');
  await ask('StabilityReport', 'GET', '/api/v1/stability');
  await ask('ModelSteps', 'GET', '/api/v1/stability/EPYC-Milan');
  const { releases } = await ask('CpuMapList', 'GET', '/api/v1/cpu-maps');
  await ask('LibvirtCpuMap', 'GET', `/api/v1/cpu-maps/${releases.at(-1)}`);
  await ask('ImportFormatList', 'GET', '/api/v1/imports/formats');
  await ask('CustomModelCheckResult', 'POST', '/api/v1/custom-model-checks', shownBody('CustomModelCheckRequest'));
  await ask('SavedCustomModel', 'PUT', '/api/v1/custom-models/fleet-v1', shownBody('CustomModelContent'));
  await ask('CustomModelList', 'GET', '/api/v1/custom-models');
  await ask('Decoding', 'POST', '/api/v1/decodings', shownBody('DecodingRequest'));
  await ask('ImportResult', 'POST', '/api/v1/imports?dryRun=true&name=node-7', cpuinfo(), 'text/plain');
  await ask('ProbeResult', 'PATCH', '/api/v1/hosts/node-a', shownBody('HostChange'));
  for (const [id, path] of [
    ['Baseline', 'baselines'],
    ['CpuComparison', 'cpu-comparisons'],
    ['Resolutions', 'resolutions'],
    ['Plan', 'plans'],
    ['Vms', 'vms'],
    ['GuestCpuids', 'guest-cpuids'],
    ['Policy', 'policies'],
    ['Verification', 'verifications'],
  ]) {
    await ask(`${id}Result`, 'POST', `/api/v1/${path}`, shownBody(`${id}Request`));
  }
  await ask('Comparison', 'POST', '/api/v1/comparisons', { a: { host: 'node-a' }, b: { host: 'node-b' } });
  replies.ResolutionAnswer = replies.ResolutionsResult.resolutions[0];
  // It was that of a server that is gone, but looks like one to keep.
  replies.TokenCreated.secret = token.secret.replace(/[^_]{20,}$/, (random) => 'x'.repeat(random.length));
  return replies;
}

/** A snapshot of the demo fleet under the name that the examples of requests use, with its hash. */
function renamed(snapshot, name) {
  const own = { ...snapshot, host: { ...snapshot.host, id: name, name: `${name}.example` } };
  const told = canonicalJson({ ...own, collectedAt: undefined });
  return { own, hash: `sha256:${createHash('sha256').update(told).digest('hex')}` };
}

/** What the agents of two hosts hear: what the hub wants of them, and what one of them is to do. */
async function joinTwo(ask, post, snapshots) {
  for (const [name, snapshot] of Object.entries(snapshots)) {
    const { own, hash } = renamed(snapshot, name);
    await ask('StoredContent', 'PUT', `/api/v1/snapshots/${hash}`, own);
    const heartbeat = { ...shownBody('Heartbeat'), snapshot: hash, takesCommands: true };
    await ask('HeartbeatAnswer', 'POST', `/api/v1/hosts/${name}/heartbeats`, heartbeat);
  }
  const probed = post('/api/v1/probes', shownBody('ProbeRequest'));
  const { run } = shownBody('Heartbeat');
  const { commands } = await ask('CommandList', 'GET', `/api/v1/hosts/node-a/commands?wait=5&run=${run}`);
  await post(`/api/v1/hosts/node-a/commands/${commands[0].id}/result`, shownBody('CommandOutcome'));
  await probed;
}

/** The lines of /proc/cpuinfo that an import reads, of an EPYC 7313. */
function cpuinfo() {
  return [
    ...['processor: 0', 'vendor_id: AuthenticAMD', 'cpu family: 25', 'model: 1', 'stepping: 1', 'microcode: 0xa0011d1'],
    'model name: AMD EPYC 7313 16-Core Processor',
    'flags: fpu cx8 cmov mmx fxsr sse sse2 ht nx lm pni ssse3 cx16 sse4_1 sse4_2 movbe popcnt aes xsave avx svm',
    '',
  ].join('\n');
}

const demo = await serveAtlas(['--demo', '--no-harvest']);
try {
  const replies = await askAll(demo.url);
  const sorted = Object.fromEntries(Object.entries(replies).sort(([a], [b]) => (a < b ? -1 : 1)));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, `${render(sorted)}\n`);
  for (const [id, reply] of Object.entries(sorted)) console.log(`${id}: ${JSON.stringify(reply).length} characters`);
} finally {
  await demo.stop();
}
