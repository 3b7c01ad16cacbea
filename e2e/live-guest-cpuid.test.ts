import { beforeAll, describe, expect, it } from 'vitest';
import {
  findQemuBinary,
  harvestCatalog,
  harvestModelCaches,
  readGuestCpuid,
  readQemuVersion,
} from '@cpu-atlas/catalog';
import {
  createContext,
  entryFlags,
  guestCpuid,
  indexCatalog,
  ownCachesOf,
  type Catalog,
  type GuestCpuidEntry,
  type ResolutionRequest,
} from '@cpu-atlas/core';
import { collectSnapshot } from '@cpu-atlas/prober';
import { shippedCatalog, shippedVersions } from './oracle/catalogs.ts';
import { buildRecorder, captureProblem } from './oracle/guest-cpuid-capture.ts';
import { differingEntries } from './oracle/guest-cpuid-compare.ts';

const binaryName = process.env.CPU_ATLAS_LIVE_QEMU ?? 'qemu-system-x86_64';
const binary = await findQemuBinary(binaryName).catch(() => null);
const guestTimeoutMs = 20_000;
const testLimitMs = 300_000;

async function catalogOf(path: string): Promise<Catalog> {
  const { version } = await readQemuVersion(path);
  const shipped = shippedVersions.find((one) => one === version);
  if (shipped !== undefined) return shippedCatalog(shipped);
  return (await harvestCatalog(path, { now: '2026-01-01T00:00:00Z' })).catalog;
}

/** Each touches another leaf. A release that does not know a property, or a model, is left out of that line. */
const cpus = [
  'qemu64',
  'EPYC',
  'EPYC,vendor=GenuineIntel,x-vendor-cpuid-only=off',
  'EPYC-Milan,xlevel=0x8000001e,legacy-multi-node=on',
  'EPYC-Rome,legacy-cache=on,xlevel=0x80000022',
  'SapphireRapids,vendor=GenuineIntel,l3-cache=off',
  'SierraForest,vendor=GenuineIntel,level=0x1f',
  'Skylake-Client,vendor=GenuineIntel,x-consistent-cache=off',
  'pentium3,vendor=GenuineIntel,level=3',
  'core2duo,cpuid-0xb=off,level=0xd,x-force-cpuid-0x1f=on',
  'Nehalem,kvm=off,phys-bits=46,model-id=A name of 48 characters that is cut where it ends ……',
  'qemu64,xlevel2=0xc0000003,level-func7=2,level=0x29,tcg-cpuid=off',
  'base,x-force-features=on,+xsave,+avx,+avx512f,+pku,+lm,+pae,min-level=0x14',
  'base,x-force-features=on,+sgx,+intel-pt,+amx-tile,+arch-lbr,pmu=on,+svm',
  'kvm64,tsc-frequency=2445000000,hv-relaxed=on',
];
const topologies: readonly ResolutionRequest['smp'][] = [
  undefined,
  { sockets: 1, dies: 1, cores: 3, threads: 2 },
  { sockets: 2, dies: 2, cores: 2, threads: 1 },
  { sockets: 1, dies: 3, modules: 2, cores: 1, threads: 2 },
];

interface Case {
  readonly cpu: string;
  readonly smp: ResolutionRequest['smp'];
}

/** What this QEMU knows of the cases. */
function knownCases(catalog: Catalog): Case[] {
  const { models, features, otherProperties, aliases } = catalog;
  const names = new Set([...features, ...otherProperties].map(({ name }) => name));
  const isKnown = (edit: string): boolean => {
    const name = edit.replace(/^[+-]/, '').replace(/=.*/, '');
    return names.has(name) || name in aliases;
  };
  const hasModules = otherProperties.some(({ name }) => name === 'module-id');
  return cpus.flatMap((cpu) => {
    const [model, ...edits] = cpu.split(',');
    if (!models.some(({ name }) => name === model)) return [];
    return topologies
      .filter((smp) => hasModules || smp?.modules === undefined)
      .map((smp) => ({ cpu: [model, ...edits.filter(isKnown)].join(','), smp }));
  });
}

const machines = ['q35', 'pc'];

describe.skipIf(binary === null)(
  `guest CPUID of the installed QEMU, ${binaryName} (skipped where there is none)`,
  () => {
    const path = binary ?? '';
    let catalog: Catalog;
    beforeAll(async () => {
      catalog = await catalogOf(path);
    }, testLimitMs);

    it(
      'models bring the caches that Atlas knows, or Atlas says that it does not know them',
      async () => {
        const harvested = await harvestModelCaches(path, catalog, { timeoutMs: guestTimeoutMs });
        expect(harvested.size).toBeGreaterThan(0);
        for (const [model, caches] of harvested) {
          const own = ownCachesOf(model);
          if (own.kind !== 'unknown') expect(own.caches, model).toEqual(caches);
          else expect(shippedVersions).not.toContain(catalog.qemu.version);
          expect(ownCachesOf(model, harvested)).toEqual({ kind: 'known', caches });
        }
      },
      testLimitMs,
    );

    it(
      'a guest under TCG that asks its own CPUID gets what Atlas says',
      async () => {
        const context = createContext(indexCatalog(catalog), null);
        const different: string[] = [];
        for (const [n, { cpu, smp }] of knownCases(catalog).entries()) {
          const machine = machines[n % machines.length];
          const { entries, refusal } = guestCpuid(context, { accel: 'tcg', machine, cpu, smp });
          if (refusal !== null) continue;
          const questions = entries.map(placeOf);
          const answers = await readGuestCpuid({
            binary: path,
            machine,
            cpu,
            smp,
            questions,
            timeoutMs: guestTimeoutMs,
          });
          const real = entries.map((entry, i): GuestCpuidEntry => {
            const { EAX, EBX, ECX, EDX } = answers[i];
            const { leaf, subleaf, flags } = entry;
            return { leaf, subleaf, flags, eax: EAX, ebx: EBX, ecx: ECX, edx: EDX };
          });
          different.push(
            ...differingEntries(entries, real).map((one) => `${machine} ${cpu} ${JSON.stringify(smp)}: ${one}`),
          );
        }
        expect(different).toEqual([]);
      },
      testLimitMs,
    );

    const problem = captureProblem();
    it.skipIf(problem !== null)(
      `KVM is handed what Atlas says, for every vCPU (skipped: ${problem ?? 'no'})`,
      async (test) => {
        const context = createContext(indexCatalog(catalog), await collectSnapshot({ qemu: false }));
        const recorder = buildRecorder();
        const different: string[] = [];
        let captured = 0;
        try {
          for (const [n, { cpu: asked, smp }] of knownCases(catalog).entries()) {
            const machine = machines[n % machines.length];
            // Some KVMs refuse to be written that MSR, which ends QEMU.
            const cpu = `${asked},-arch-capabilities`;
            const { vcpus, stderr } = await recorder.capture({ binary: path, machine, accel: 'kvm', cpu, smp });
            if (stderr.includes('from LD_PRELOAD cannot be preloaded'))
              return test.skip('this QEMU is confined, and cannot load the recorder');
            for (const [vcpu, real] of vcpus.entries()) {
              captured += 1;
              const { entries } = guestCpuid(context, { accel: 'kvm', machine, cpu, smp }, { vcpu });
              const where = `${machine} ${cpu} ${JSON.stringify(smp)} vCPU ${vcpu}`;
              different.push(...differingEntries(entries, real).map((one) => `${where}: ${one}`));
            }
          }
        } finally {
          recorder.remove();
        }
        expect(different).toEqual([]);
        expect(captured).toBeGreaterThan(20);
      },
      testLimitMs,
    );
  },
);

function placeOf({ leaf, subleaf, flags }: GuestCpuidEntry): { leaf: number; subleaf: number } {
  return { leaf, subleaf: (flags & entryFlags.significantIndex) === 0 ? 0 : subleaf };
}
