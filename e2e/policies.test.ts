import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { identifyBinary, loadCatalogFile, verifyCell } from '@cpu-atlas/catalog';
import { parseSnapshotText } from '@cpu-atlas/contract';
import {
  compilePolicy,
  createContext,
  indexCatalog,
  resolve,
  safe,
  type HostSnapshot,
  type PlanHost,
  type PolicyFeature,
} from '@cpu-atlas/core';
import { collectSnapshot } from '@cpu-atlas/prober';
import { describe, expect, it } from 'vitest';
import { checkoutRoot } from './oracle/oracle-files.ts';

const binary = '/usr/bin/qemu-system-x86_64';
const identity = await identifyBinary(binary).catch(() => null);
const { catalog } = await loadCatalogFile(join(checkoutRoot, 'data', 'qemu', '7.2.22', 'catalog.json'));
const index = indexCatalog(catalog);
const machine = 'pc-q35-7.2';

const folder = join(checkoutRoot, 'data', 'snapshots');
const shipped = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => parseSnapshotText(readFileSync(join(folder, name), 'utf8'), name));

/** The same choices in each run. Source: mulberry32, public domain. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const planHost = (snapshot: HostSnapshot): PlanHost => ({
  ...{ id: snapshot.host.id, name: snapshot.host.name, labels: {}, fingerprint: snapshot.host.id },
  freshness: 'fresh',
  context: createContext(index, snapshot),
});

const models = catalog.models.map(({ name }) => name).filter((name) => !['base', 'host', 'max'].includes(name));
const random = createRandom(20_261_122);
const choices = Array.from({ length: 50 }, () => {
  const features = new Map<string, boolean>();
  for (let count = random(4); count > 0; count--)
    features.set(catalog.features[random(catalog.features.length)].name, random(2) === 0);
  return {
    model: models[random(models.length)],
    features: [...features].map(([name, isOn]): PolicyFeature => ({ name, isOn })),
    hosts: Array.from({ length: 1 + random(3) }, () => shipped[random(shipped.length)]),
  };
});

/** The argument of `-cpu` as the compiled text has it. */
function compileLine(choice: (typeof choices)[number], accel: 'kvm' | 'tcg'): string {
  const { text, verdict } = compilePolicy(
    {
      ...{ name: 'pool', aliases: [], vendor: null, machine, accel, qemuVersion: catalog.qemu.version, libvirt: null },
      ...{ model: choice.model, features: choice.features, snapshots: [] },
      hosts: choice.hosts.map(({ host }) => host.name),
    },
    'qemu',
  );
  expect(['fits', 'look', 'refused']).toContain(verdict);
  const [, line] = /^-machine \S+ -accel \S+ -cpu (\S+)$/m.exec(text) ?? [];
  expect(line).toMatch(/,enforce=on$/);
  return line;
}

describe('compiled QEMU lines of 50 random choices', () => {
  it('are answered for every pool of shipped snapshots, as each host by itself is', () => {
    for (const choice of choices) {
      const cpu = compileLine(choice, 'kvm');
      const launch = { accel: 'kvm', machine, cpu } as const;
      const hosts = [...new Map(choice.hosts.map((snapshot) => [snapshot.host.id, snapshot])).values()];
      const verdict = safe(launch, hosts.map(planHost));
      const starts = hosts.map((snapshot) => resolve(createContext(index, snapshot), launch).enforce);
      if (starts.includes('refuses')) expect(verdict.answer, cpu).toBe('no');
      else if (starts.includes('unknown')) expect(verdict.answer, cpu).not.toBe('yes');
    }
  });

  it.skipIf(identity === null || !catalog.qemu.version.startsWith('7.2')).each(['tcg', 'kvm'] as const)(
    'start on this host under %s exactly when Atlas says so (skipped: no QEMU here)',
    { timeout: 300_000 },
    async (accel) => {
      const context = createContext(index, await collectSnapshot());
      let compared = 0;
      let started = 0;
      for (const choice of choices) {
        const cpu = compileLine(choice, accel);
        const request = { accel, machine, cpu };
        const resolution = resolve(context, request);
        const verification = await verifyCell({ ...request, binary, resolution, timeoutMs: 20_000 });
        if (verification.outcome === 'could-not-tell') continue;
        compared += 1;
        const isStarted = verification.live !== null;
        if (isStarted) started += 1;
        if (resolution.enforce === 'unknown') continue;
        expect(isStarted ? 'starts' : 'refuses', cpu).toBe(resolution.status === 'refused' ? 'refuses' : 'starts');
      }
      console.info(`${accel}: ${compared} of ${choices.length} lines compared with ${binary}, ${started} started`);
      expect(compared).toBeGreaterThan(0);
    },
  );
});
