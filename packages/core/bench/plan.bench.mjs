/**
 * How long the planner takes for a large fleet: `node packages/core/bench/plan.bench.mjs` after `npx tsc -b packages/core`.
 * The fleet is made of the recorded hosts whose KVM is known, varied by taking features away: 10,000 hosts of 300
 * fingerprints, each resolved with the catalog of QEMU 10.0.13. One line a measurement: name, median and worst of the runs and CPU time of one, in ms.
 */
import { readFileSync, readdirSync } from 'node:fs';
import {
  AnswerCache,
  analyseVms,
  createBoard,
  createContext,
  indexCatalog,
  optimisePools,
  optimisePoolsInSteps,
  planRollingUpgrade,
  rankChoices,
  safe,
  whatIf,
} from '../dist/index.js';

const root = new URL('../../../', import.meta.url);
const readJson = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8'));
const fingerprintCount = 300;
const hostCount = 10_000;
const index = indexCatalog(readJson('data/qemu/10.0.13/catalog.json').catalog);
const newer = indexCatalog(readJson('data/qemu/11.1.3/catalog.json').catalog);

/** The same numbers every time. Source: Numerical Recipes, quick and dirty linear congruential generator */
let state = 42;
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

const recorded = readdirSync(new URL('data/snapshots/', root))
  .filter((file) => file.endsWith('.json'))
  .map((file) => readJson(`data/snapshots/${file}`))
  .filter(({ kernel, qemu }) => kernel?.kvm?.supportedCpuid || qemu?.some(({ observed }) => observed?.kvm?.host));

/** A recorded host with some features taken away. */
function vary(snapshot) {
  const copy = structuredClone(snapshot);
  for (const { observed } of copy.qemu ?? []) {
    const names = Object.keys(observed?.kvm?.host ?? {});
    for (let i = 0; i < 4 && names.length > 0; i++) {
      const name = names[random(names.length)];
      if (observed.kvm.host[name] === true) observed.kvm.host[name] = false;
    }
  }
  for (const entry of copy.kernel?.kvm?.supportedCpuid ?? []) {
    if (!['0x00000001', '0x00000007', '0x80000001', '0x80000008'].includes(entry.leaf) || random(3) > 0) continue;
    const register = ['ebx', 'ecx', 'edx'][random(3)];
    if (entry.leaf !== '0x00000001' || register !== 'ebx')
      entry[register] = `0x${((Number(entry[register]) & ~(1 << random(32))) >>> 0).toString(16).padStart(8, '0')}`;
  }
  return copy;
}

const snapshots = Array.from({ length: fingerprintCount }, (_, at) => vary(recorded[at % recorded.length]));

function makeFleet(catalog = index) {
  const contexts = snapshots.map((snapshot) => createContext(catalog, snapshot));
  return Array.from({ length: hostCount }, (_, at) => {
    const id = `host-${String(at).padStart(5, '0')}`;
    const kind = at % fingerprintCount;
    return { id, name: id, labels: {}, fingerprint: `f${kind}`, freshness: 'fresh', context: contexts[kind] };
  });
}

function measure(name, runs, action) {
  const times = [];
  const cpu = process.cpuUsage();
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    action(run);
    times.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(cpu);
  times.sort((a, b) => a - b);
  console.log(
    `${name}\t${times[runs >> 1].toFixed(1)}\t${times[runs - 1].toFixed(1)}\t${((user + system) / 1000 / runs).toFixed(1)}`,
  );
}

const request = { accel: 'kvm', machine: 'pc-q35-10.0' };
const abiLevelOf = () => 0;
console.log('measurement\tmedian ms\tworst ms\tCPU ms');
measure('300 contexts and pools of 10,000 hosts', 5, () => optimisePools(makeFleet(), request));
const fleet = makeFleet();
measure('pools of 10,000 hosts, contexts known', 9, () => optimisePools(fleet, request));
const steps = [];
for (
  let last = performance.now(), run = optimisePoolsInSteps(fleet, request);
  !run.next().done;
  last = performance.now()
)
  steps.push(performance.now() - last);
console.log(`longest step of them\t${Math.max(...steps).toFixed(1)}\t`);
const few = fleet.filter((_, at) => at % fingerprintCount < 20);
measure('pools of 666 hosts, 20 fingerprints', 9, () => optimisePools(few, request));

measure('safe: one model on 10,000 hosts', 9, () => safe({ ...request, cpu: 'qemu64-v1' }, fleet));
measure('choices: 10 models for 10,000 hosts', 3, () => {
  const models = ['EPYC-v1', 'EPYC-Milan-v2', 'Haswell-v4', 'Skylake-Server-v5', 'Nehalem-v1', 'kvm64-v1', 'qemu64-v1'];
  rankChoices(fleet, { ...request, models: [...models, 'Westmere-v2', 'host', 'max'], abiLevelOf });
});

const wished = [
  'spec-ctrl',
  'stibp',
  'ssbd',
  'amd-ssbd',
  'virt-ssbd',
  'ibpb',
  'md-clear',
  'arch-capabilities',
  'pdpe1gb',
];
measure('choices: every model for 10,000 hosts, first time', 1, () =>
  rankChoices(fleet, { ...request, wished, abiLevelOf }),
);
measure('choices: every model for 10,000 hosts', 5, () => rankChoices(fleet, { ...request, wished, abiLevelOf }));

const cache = new AnswerCache();
measure('what-if board: every model on 300 fingerprints', 1, () => createBoard(fleet, request, cache));
const board = createBoard(fleet, request, cache);
measure('what-if toggle: a host out or in, all models and features', 201, (run) => {
  board.include(fleet[(run >> 1) * 7].id, run % 2 === 1);
  board.tally();
  board.promised();
});
measure('what-if: a host removed, both boards made anew', 5, (run) =>
  whatIf({ hosts: fleet, request }, [{ kind: 'remove', hostId: fleet[run].id }], [], cache),
);

const cpus = ['qemu64', 'host', 'EPYC-v1', 'Haswell-v4', 'kvm64,+aes'];
const vms = Array.from({ length: 10_000 }, (_, at) => ({
  name: `vm-${at}`,
  host: fleet[(at * 37) % 333].id,
  machine: 'pc-q35-10.0',
  cpu: cpus[at % cpus.length],
}));
measure('10,000 VMs × 333 hosts of 300 fingerprints', 1, () => analyseVms(fleet.slice(0, 333), vms));
const upgraded = makeFleet(newer);
const upgrades = new Map(
  upgraded.slice(0, 333).map((host) => [host.id, { ...host, fingerprint: `${host.fingerprint} new` }]),
);
measure('rolling upgrade of 333 hosts with 10,000 VMs', 1, () =>
  planRollingUpgrade(fleet.slice(0, 333), vms, upgrades),
);
for (const { pools, keptShare, keptShareBound } of optimisePools(fleet, request).choices)
  console.log(`${pools.length} pools keep ${keptShare.toFixed(4)}, bound ${keptShareBound.toFixed(4)}`);
