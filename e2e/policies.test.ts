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
  type Accelerator,
  type HostSnapshot,
  type PlanHost,
  type ResolveContext,
} from '@cpu-atlas/core';
import { collectSnapshot } from '@cpu-atlas/prober';
import { describe, expect, it } from 'vitest';
import { checkoutRoot } from './oracle/oracle-files.ts';
import { randomChoices, type PoolChoice } from './testing/random-choices.ts';

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

const planHost = (snapshot: HostSnapshot): PlanHost => ({
  ...{ id: snapshot.host.id, name: snapshot.host.name, labels: {}, fingerprint: snapshot.host.id },
  freshness: 'fresh',
  context: createContext(index, snapshot),
});

const choices = randomChoices(catalog, shipped);

/** The argument of `-cpu` as the compiled text has it. */
function compileLine(choice: PoolChoice<HostSnapshot>, accel: 'kvm' | 'tcg'): string {
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

/** The same choice with all that this host lacks switched off, as a pool of this host would need it. */
function withoutMissing(
  context: ResolveContext,
  accel: Accelerator,
  choice: PoolChoice<HostSnapshot>,
): PoolChoice<HostSnapshot> {
  const features = new Map(choice.features.map(({ name, isOn }) => [name, isOn]));
  const asked = (): string =>
    [choice.model, ...[...features].map(([name, isOn]) => `${name}=${isOn ? 'on' : 'off'}`)].join(',');
  const { refusal } = resolve(context, { accel, machine, cpu: asked() });
  // A KVM that cannot write this MSR ends QEMU before it can be asked.
  if (refusal?.by === 'abort') features.set('arch-capabilities', false);
  for (const name of resolve(context, { accel, machine, cpu: asked() }).unavailableFeatures) features.set(name, false);
  return { ...choice, features: [...features].map(([name, isOn]) => ({ name, isOn })) };
}

describe('compiled QEMU lines of 50 random choices', () => {
  it('are answered for every pool of shipped snapshots, as each host by itself is', () => {
    const answers: string[] = [];
    for (const choice of choices) {
      const cpu = compileLine(choice, 'kvm');
      const launch = { accel: 'kvm', machine, cpu } as const;
      const hosts = [...new Map(choice.hosts.map((snapshot) => [snapshot.host.id, snapshot])).values()];
      const verdict = safe(launch, hosts.map(planHost));
      const starts = hosts.map((snapshot) => resolve(createContext(index, snapshot), launch).enforce);
      if (starts.includes('refuses')) expect(verdict.answer, cpu).toBe('no');
      else if (starts.includes('unknown')) expect(verdict.answer, cpu).not.toBe('yes');
      answers.push(verdict.answer);
    }
    expect(new Set(answers)).toEqual(new Set(['yes', 'no', 'unknown']));
  });

  it.skipIf(identity === null || !catalog.qemu.version.startsWith('7.2')).each(['tcg', 'kvm'] as const)(
    'start on this host under %s exactly when Atlas says so (skipped: no QEMU here)',
    { timeout: 300_000 },
    async (accel) => {
      const context = createContext(index, await collectSnapshot());
      let compared = 0;
      let started = 0;
      for (const [at, choice] of choices.entries()) {
        const cpu = compileLine(at % 2 === 0 ? choice : withoutMissing(context, accel, choice), accel);
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
      expect(compared).toBeGreaterThan(40);
      expect(started, 'some start').toBeGreaterThan(10);
      expect(compared - started, 'and some are refused').toBeGreaterThan(10);
    },
  );
});
