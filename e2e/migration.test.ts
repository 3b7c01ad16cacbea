import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findQemuBinary, harvestCatalog, readQemuVersion } from '@cpu-atlas/catalog';
import {
  bootGuest,
  createContext,
  indexCatalog,
  movable,
  trap,
  type Accelerator,
  type Answer,
  type Catalog,
  type HostSnapshot,
  type PlanHost,
} from '@cpu-atlas/core';
import { collectSnapshot } from '@cpu-atlas/prober';
import { moveLive, type LiveMove, type MoveSide } from './migration/live-move.ts';
import { buildWeakerKvm, weakenSnapshot, type LackingBits, type WeakerKvm } from './migration/weaker-kvm.ts';
import { shippedCatalog, shippedVersions } from './oracle/catalogs.ts';
import { captureProblem } from './oracle/guest-cpuid-capture.ts';
import { opensKvm } from './testing/opens-kvm.ts';

/** QEMUs to move VMs between, separated by colons: more releases, more pairs. */
const named = (process.env.CPU_ATLAS_LIVE_QEMUS ?? 'qemu-system-x86_64').split(':');
const found = await Promise.all(named.map((name) => findQemuBinary(name).catch(() => null)));
const binaries = found.flatMap((path) => path ?? []);
const limitMs = 300_000;

const hasKvm = opensKvm();

/** lahf-lm, which every KVM has, and 3dnowprefetch; popcnt, sse4.2, aes, movbe, bmi1, avx2 and bmi2 where there are any. */
const lackingBits: readonly LackingBits[] = [
  { leaf: '0x00000001', subleaf: 0, ecx: (1 << 23) | (1 << 20) | (1 << 25) | (1 << 22) },
  { leaf: '0x00000007', subleaf: 0, ebx: (1 << 3) | (1 << 5) | (1 << 8) },
  { leaf: '0x80000001', subleaf: 0, ecx: (1 << 0) | (1 << 8) },
];

/** Arguments that touch different rules. Some KVMs refuse to be written IA32_ARCH_CAPABILITIES, which ends QEMU. */
const cpus = [
  'qemu64',
  'kvm64,-vme',
  'EPYC',
  'Nehalem,enforce=on',
  'Opteron_G3,check=off',
  'core2duo,-monitor',
  'Haswell-v4,-avx,-popcnt',
  'Penryn,+popcnt',
  'Skylake-Server-v5,level=0xd,min-xlevel=0x8000001e',
  'qemu64,+invtsc',
  'max,-arch-capabilities',
  'max,-arch-capabilities,migratable=off',
  'host,-arch-capabilities,-popcnt',
  'Westmere,phys-bits=42,model-id=A name with spaces',
  'EPYC-Milan,host-phys-bits=on,family=23,stepping=3',
  'base,+lm,+pae,+sse2',
  'EPYC-Turin',
];
const machines = ['pc-q35-7.2', 'pc-i440fx-6.0', 'pc-q35-10.0'];

/** One side: a QEMU on this machine, and what Atlas is told of it. */
interface Side {
  readonly name: string;
  readonly binary: string;
  readonly host: PlanHost;
}

/** How often Atlas said what. */
type Counts = Record<Answer | 'not booted', number>;

async function catalogOf(path: string): Promise<Catalog> {
  const { version } = await readQemuVersion(path);
  const shipped = shippedVersions.find((one) => one === version);
  if (shipped !== undefined) return shippedCatalog(shipped);
  return (await harvestCatalog(path, { now: '2026-01-01T00:00:00Z' })).catalog;
}

function sideOf(name: string, binary: string, catalog: Catalog, snapshot: HostSnapshot): Side {
  const context = createContext(indexCatalog(catalog), snapshot);
  const host: PlanHost = { id: name, name, labels: {}, fingerprint: name, freshness: 'fresh', context };
  return { name, binary, host };
}

const msrFeaturesOf = ({ words, features }: Catalog): string[] =>
  features.flatMap(({ name, word }) => (words[word].kind === 'msr' ? [name] : []));

describe.skipIf(binaries.length === 0)(
  `VMs moved between real QEMUs, ${named.join(' and ')} (skipped where there is none)`,
  () => {
    let sides: readonly Side[] = [];
    let weaker: WeakerKvm | null = null;
    let weakSide: Side | null = null;
    let msrFeatures: readonly string[] = [];

    beforeAll(async () => {
      const snapshot = await collectSnapshot({ qemu: false });
      const catalogs = await Promise.all(binaries.map(catalogOf));
      msrFeatures = [...new Set(catalogs.flatMap(msrFeaturesOf))];
      sides = catalogs.map((catalog, at) => sideOf(catalog.qemu.version, binaries[at], catalog, snapshot));
      if (captureProblem() !== null) return;
      weaker = buildWeakerKvm(binaries[0], lackingBits);
      const lacking = weakenSnapshot(snapshot, lackingBits);
      weakSide = sideOf(`${catalogs[0].qemu.version} on less`, weaker.binary, catalogs[0], lacking);
    }, limitMs);
    afterAll(() => weaker?.remove());

    const live = (accel: Accelerator, machine: string, from: MoveSide, to: MoveSide): Promise<LiveMove> =>
      moveLive({ accel, machine, from, to, msrFeatures });

    /** What is not as Atlas says; null: all is. Counts how often it says what. */
    async function checkMove(
      request: { readonly accel: Accelerator; readonly machine: string; readonly cpu: string },
      [from, to]: readonly [Side, Side],
      counts: Counts,
    ): Promise<string | null> {
      const { accel, machine, cpu } = request;
      const booted = bootGuest(request, from.host);
      const verdict = booted.kind === 'booted' ? movable(booted.guest, { ...to.host, id: 'the other side' }) : null;
      const said = verdict?.answer ?? 'not booted';
      counts[said] += 1;
      const line = verdict?.line ?? cpu;
      const seen = await live(accel, machine, { binary: from.binary, cpu }, { binary: to.binary, cpu: line });
      const isSame = seen.kind === 'moved' && seen.differing.length === 0;
      const isRight =
        verdict === null
          ? seen.kind === 'not-booted'
          : seen.kind !== 'not-booted' && (verdict.answer === 'yes') === isSame;
      if (isRight && said !== 'unknown') return null;
      const reasons = verdict?.obstacles.map(({ reason }) => reason).slice(0, 3) ?? [];
      return `${accel} ${machine} ${cpu}, ${from.name} to ${to.name} with ${line}: Atlas says ${said} ${reasons.join('; ')}, QEMU ${JSON.stringify(seen).slice(0, 400)}`;
    }

    describe.each<{ accel: Accelerator; isHere: boolean }>([
      { accel: 'kvm', isHere: hasKvm },
      { accel: 'tcg', isHere: true },
    ])('$accel', ({ accel, isHere }) => {
      it.skipIf(!isHere)(
        'the state arrives and the CPU there is the same exactly where Atlas says so (skipped under KVM where /dev/kvm does not open)',
        async () => {
          const wrong: string[] = [];
          const counts: Counts = { yes: 0, no: 0, unknown: 0, 'not booted': 0 };
          const all = accel === 'kvm' && weakSide !== null ? [...sides, weakSide] : sides;
          for (const [n, pair] of all.flatMap((from) => all.map((to) => [from, to] as const)).entries())
            for (const [at, cpu] of cpus.entries()) {
              const machine = machines[(n + at) % machines.length];
              const difference = await checkMove({ accel, machine, cpu }, pair, counts);
              if (difference !== null) wrong.push(difference);
            }
          expect(wrong).toEqual([]);
          expect(counts.yes).toBeGreaterThan(5);
          expect(counts['not booted']).toBeGreaterThan(0);
          if (all.length > 1) expect(counts.no).toBeGreaterThan(5);
        },
        limitMs,
      );
    });

    it.skipIf(captureProblem() !== null)(
      `a VM that boots anew on a stronger host can go back exactly where Atlas sees no trap (skipped: ${captureProblem() ?? 'no'})`,
      async () => {
        if (weakSide === null) throw new Error('the weaker KVM was not built');
        const [weak, strong] = [weakSide, sides[0]];
        const trapped = new Map<string, readonly string[]>();
        const free: string[] = [];
        for (const cpu of cpus) {
          const request = { accel: 'kvm' as const, machine: 'pc-q35-7.2', cpu };
          const [here, there] = [bootGuest(request, weak.host), bootGuest(request, strong.host)];
          if (here.kind !== 'booted' || there.kind !== 'booted') continue;
          if (movable(here.guest, strong.host).answer !== 'yes') continue;
          const { answer, obstacles } = trap(here.guest, strong.host);
          const line = movable(there.guest, weak.host).line ?? cpu;
          const back = await live('kvm', request.machine, { ...strong, cpu }, { ...weak, cpu: line });
          const isBack = back.kind === 'moved' && back.differing.length === 0;
          expect([cpu, answer, back]).toEqual([cpu, isBack ? 'no' : 'yes', back]);
          if (isBack) free.push(cpu);
          else
            trapped.set(
              cpu,
              obstacles.map(({ name }) => name),
            );
        }
        expect(free).toContain('kvm64,-vme');
        expect(trapped.get('EPYC')).toContain('lahf-lm');
        expect(trapped.get('max,-arch-capabilities')).toContain('lahf-lm');
      },
      limitMs,
    );
  },
);
