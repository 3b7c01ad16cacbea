import { randomUUID } from 'node:crypto';
import type {
  Refusal,
  ResolvedProperties,
  Resolution,
  ResolutionRequest,
  X86CPUFeatureWordInfo,
} from '@cpu-atlas/core';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { launchQemu, readLiveCpu } from '../qmp/index.ts';
import { installFakeQemu, negotiation, type FakeQemuStep } from '../qmp/testing/fake-qemu.ts';
import { processesLeft, processesWith } from '../qmp/testing/processes.ts';
import { abortsForCpuHost, kvmProblem, realQemus } from '../qmp/testing/real-qemu.ts';
import { readQemuOutput } from './qemu-output.ts';
import type { VerifiedDifference } from './verification.ts';
import { verifyCell } from './verify-cell.ts';

const timeoutMs = 15_000;

const blank: Resolution = {
  ...{ status: 'runnable', accel: 'tcg', machine: 'q35', cpu: 'x', cpuModel: 'x', enforce: 'unknown' },
  ...{ featureWords: [], filteredFeatures: [], msrFeatures: [], unavailableFeatures: [], warnings: [] },
  properties: {
    ...{ type: 'x-x86_64-cpu', vendor: 'GenuineIntel', 'model-id': '', family: 6, model: 0, stepping: 0 },
    ...{ level: 1, 'min-level': 1, xlevel: 0, 'min-xlevel': 0, xlevel2: 0, 'min-xlevel2': 0 },
    ...{ 'phys-bits': null, 'guest-phys-bits': null, 'host-phys-bits': false, 'host-phys-bits-limit': 0 },
    ...{ 'ucode-rev': null, pmu: false },
  },
  ...{ level: 1, xlevel: 0, xlevel2: 0, vendor: 'GenuineIntel', family: 6, model: 0, stepping: 0, modelId: '' },
  ...{ levelRaises: [], unknowns: [], assumptions: [] },
};

const refusedBy = (by: Refusal['by'], message: string): Resolution => ({
  ...blank,
  status: 'refused',
  refusal: { by, message, remedy: '' },
});

/** What an Atlas that is right would say: read from the same QEMU in a run of its own. */
async function rightResolution(binary: string, request: ResolutionRequest): Promise<Resolution> {
  const qemu = await launchQemu({ binary, timeoutMs, ...request });
  try {
    const live = await readLiveCpu(qemu.client);
    const { stderr } = await qemu.quit({ timeoutMs });
    return {
      ...blank,
      ...{ accel: request.accel, machine: request.machine, cpu: request.cpu },
      status: live.unavailableFeatures.length > 0 ? 'filtered' : 'runnable',
      featureWords: live.featureWords,
      filteredFeatures: live.filteredFeatures,
      unavailableFeatures: live.unavailableFeatures,
      warnings: readQemuOutput(stderr, binary).featureWarnings,
      properties: { ...blank.properties, ...withoutMissing(live.properties) },
    };
  } finally {
    await qemu.dispose();
  }
}

/** A property that this QEMU does not have stays null, as an Atlas would leave it. */
function withoutMissing<T extends object>(properties: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(properties).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** Flips one bit of one word. */
function flipped(words: readonly X86CPUFeatureWordInfo[], leaf: number, register: string, bit: number) {
  const flip = (word: X86CPUFeatureWordInfo): X86CPUFeatureWordInfo => ({
    ...word,
    features: (word.features ^ (1 << bit)) >>> 0,
  });
  return words.map((word) =>
    word['cpuid-input-eax'] === leaf && word['cpuid-register'] === register ? flip(word) : word,
  );
}

/** No property keeps its value, except those that are not known. */
function allChanged(properties: ResolvedProperties): ResolvedProperties {
  const change = (value: string | number | boolean | null): unknown => {
    if (typeof value === 'number') return value + 1;
    return typeof value === 'boolean' ? !value : value === null ? null : `${value}?`;
  };
  const entries = Object.entries(properties).map(([name, value]) => [name, change(value)]);
  return Object.fromEntries(entries) as ResolvedProperties;
}

test.skipIf(realQemus.length > 0)('qemu-system-x86_64 is not installed: no cell was verified', () => {});

describe.each(realQemus)('%s', (binary) => {
  const request: ResolutionRequest = { accel: 'tcg', machine: 'q35', cpu: 'Skylake-Server' };
  const right = rightResolution(binary, request);

  test.each<ResolutionRequest>([
    request,
    { accel: 'tcg', machine: 'microvm', cpu: 'Nehalem' },
    { accel: 'tcg', machine: 'isapc', cpu: '486' },
    { accel: 'tcg', machine: 'pc', cpu: 'EPYC,+avx512f,-sse4.1' },
    { accel: 'tcg', machine: 'q35', cpu: 'max', smp: { cpus: 2, cores: 2 } },
    { accel: 'tcg', machine: 'q35', cpu: 'Skylake-Server', smp: { sockets: 2, cores: 2 } },
  ])('$cpu on $machine is equal to itself ($accel, smp $smp)', async (cell) => {
    const resolution = await rightResolution(binary, cell);
    const verification = await verifyCell({ ...cell, binary, resolution, timeoutMs });
    expect(verification).toMatchObject({ outcome: 'equal', differences: [], exit: { status: 0, signal: null } });
    expect(verification.live?.featureWords).toEqual(resolution.featureWords);
    expect(verification.command).toEqual(expect.arrayContaining([binary, '-S', '-cpu', cell.cpu]));
    expect(verification.durationMs).toBeGreaterThan(0);
  });

  const hex = (register: string, words: readonly X86CPUFeatureWordInfo[]): string => {
    const word = words.find((entry) => entry['cpuid-input-eax'] === 1 && entry['cpuid-register'] === register);
    return `0x${(word?.features ?? 0).toString(16).padStart(8, '0')}`;
  };

  test.each<{
    name: string;
    change: (resolution: Resolution) => Partial<Resolution>;
    differences: (changed: Resolution, resolution: Resolution) => readonly VerifiedDifference[];
  }>([
    {
      name: 'a bit of a feature word',
      change: ({ featureWords }) => ({ featureWords: flipped(featureWords, 1, 'EDX', 31) }),
      differences: (changed, { featureWords }) => [
        { what: 'feature-words 01.EDX', atlas: hex('EDX', changed.featureWords), qemu: hex('EDX', featureWords) },
      ],
    },
    {
      name: 'a bit of the filtered features',
      change: ({ filteredFeatures }) => ({ filteredFeatures: flipped(filteredFeatures, 1, 'ECX', 0) }),
      differences: (changed, { filteredFeatures }) => [
        {
          what: 'filtered-features 01.ECX',
          ...{ atlas: hex('ECX', changed.filteredFeatures), qemu: hex('ECX', filteredFeatures) },
        },
      ],
    },
    {
      name: 'a word that QEMU does not have',
      change: ({ featureWords }) => ({
        featureWords: [...featureWords, { 'cpuid-input-eax': 0x99, 'cpuid-register': 'EAX', features: 1 }],
      }),
      differences: () => [{ what: 'feature-words 99.EAX', atlas: '0x00000001', qemu: null }],
    },
    {
      name: 'a word that Atlas does not have',
      change: ({ filteredFeatures }) => ({
        filteredFeatures: filteredFeatures.filter(
          (word) => word['cpuid-input-eax'] !== 1 || word['cpuid-register'] !== 'EDX',
        ),
      }),
      differences: (_, { filteredFeatures }) => [
        { what: 'filtered-features 01.EDX', atlas: null, qemu: hex('EDX', filteredFeatures) },
      ],
    },
    {
      name: 'the order of the unavailable features',
      change: ({ unavailableFeatures }) => ({ unavailableFeatures: unavailableFeatures.toReversed() }),
      differences: (changed, { unavailableFeatures }) => [
        { what: 'unavailable-features', atlas: changed.unavailableFeatures, qemu: unavailableFeatures },
      ],
    },
    {
      name: 'each property',
      change: ({ properties }) => ({ properties: allChanged(properties) }),
      differences: (changed, { properties }) => {
        const names = Object.keys(properties) as (keyof ResolvedProperties)[];
        const compared = names.filter((what) => changed.properties[what] !== null);
        return compared.map((what) => ({ what, atlas: changed.properties[what], qemu: properties[what] }));
      },
    },
    {
      name: 'a warning left out',
      change: ({ warnings }) => ({ warnings: warnings.slice(1) }),
      differences: (changed, { warnings }) => [{ what: 'warnings', atlas: changed.warnings, qemu: warnings }],
    },
    {
      name: 'a message that does not come',
      change: ({ warnings }) => ({ warnings: ['warning: Ambiguous CPU model string.', ...warnings] }),
      differences: () => [{ what: 'message', atlas: 'warning: Ambiguous CPU model string.', qemu: null }],
    },
    {
      name: 'a refusal that does not come',
      change: () => refusedBy('enforce', "TCG doesn't support requested features"),
      differences: () => [{ what: 'start', atlas: "refused: TCG doesn't support requested features", qemu: 'starts' }],
    },
  ])('$name is told', async ({ change, differences }) => {
    const resolution = await right;
    const changed: Resolution = { ...resolution, ...change(resolution) };
    const verification = await verifyCell({ ...request, binary, resolution: changed, timeoutMs });
    expect(verification.differences).toEqual(differences(changed, resolution));
    expect(verification.outcome).toBe('different');
  });

  test('what Atlas does not know is not compared, and is listed', async () => {
    const resolution = await right;
    const properties = { ...resolution.properties, 'phys-bits': null, 'ucode-rev': null };
    const changed: Resolution = {
      ...resolution,
      properties,
      msrFeatures: [{ index: '0x10a', enabled: '0x1', filtered: '0x0' }],
    };
    const verification = await verifyCell({ ...request, binary, resolution: changed, timeoutMs });
    expect(verification).toMatchObject({ outcome: 'equal', differences: [] });
    expect(verification.notCompared).toEqual(expect.arrayContaining(['phys-bits', 'ucode-rev', 'msr-features']));
  });

  test('a bit of an MSR is told where the names of the bits are known', async () => {
    const featureNames = {
      words: [{ kind: 'msr', index: 0x10a }],
      features: [
        { name: 'rdctl-no', word: 0, bits: [0] },
        { name: 'ibrs-all', word: 0, bits: [1] },
        { name: 'no-such-property', word: 0, bits: [2] },
      ],
    } as const;
    const resolution: Resolution = {
      ...(await right),
      msrFeatures: [{ index: '0x10a', enabled: '0x5', filtered: '0x0' }],
    };
    const verification = await verifyCell({ ...request, binary, resolution, featureNames, timeoutMs });
    expect(verification.differences).toEqual([{ what: 'msr-features 0x10a rdctl-no', atlas: true, qemu: false }]);
    expect(verification.notCompared).not.toContain('msr-features');
  });

  test.each<{ name: string; cpu: string; resolution: Resolution; differences: readonly VerifiedDifference[] }>([
    {
      name: 'a refusal that was foretold is equal',
      cpu: 'nosuch',
      resolution: refusedBy('usage', "unable to find CPU model 'nosuch'"),
      differences: [],
    },
    {
      name: 'a refusal for another reason is different',
      cpu: 'nosuch',
      resolution: refusedBy('enforce', "TCG doesn't support requested features"),
      differences: [
        {
          what: 'refusal',
          ...{ atlas: "TCG doesn't support requested features", qemu: "unable to find CPU model 'nosuch'" },
        },
      ],
    },
    {
      name: 'an abort that does not come is different',
      cpu: 'nosuch',
      resolution: refusedBy('abort', 'failed to set MSR 0x10a'),
      differences: [{ what: 'refusal', atlas: 'abort', qemu: "unable to find CPU model 'nosuch'" }],
    },
  ])('$name', async ({ cpu, resolution, differences }) => {
    const verification = await verifyCell({ ...request, cpu, binary, resolution, timeoutMs });
    expect(verification).toMatchObject({ differences, live: null, exit: { status: 1 } });
    expect(verification.outcome).toBe(differences.length === 0 ? 'equal' : 'different');
  });

  test('enforce is compared with the warnings before it', async () => {
    const { warnings } = await right;
    const cell: ResolutionRequest = { ...request, cpu: `${request.cpu},enforce` };
    const resolution: Resolution = { ...refusedBy('enforce', "TCG doesn't support requested features"), warnings };
    const verification = await verifyCell({ ...cell, binary, resolution, timeoutMs });
    expect(verification).toMatchObject({ outcome: 'equal', otherMessages: [] });
  });

  test('an end where Atlas expects a start is different', async () => {
    const verification = await verifyCell({ ...request, cpu: 'nosuch', binary, resolution: await right, timeoutMs });
    expect(verification).toMatchObject({
      outcome: 'different',
      differences: [{ what: 'start', atlas: 'starts', qemu: expect.stringMatching(/^exit status 1: .*nosuch/) }],
    });
  });

  test('a machine type without CPU cannot tell', async () => {
    const verification = await verifyCell({ ...request, machine: 'x-remote', binary, resolution: blank, timeoutMs });
    expect(verification).toMatchObject({ outcome: 'could-not-tell', reason: expect.stringContaining('has no CPU') });
  });

  const aborts = kvmProblem === null && abortsForCpuHost(binary);
  const withoutKvm = kvmProblem === null ? '' : ` (skipped: ${kvmProblem})`;

  test.skipIf(kvmProblem !== null)(`under KVM a cell is equal to itself${withoutKvm}`, async () => {
    const cell: ResolutionRequest = { accel: 'kvm', machine: 'pc', cpu: 'Nehalem', kernelIrqchip: 'split' };
    const resolution = await rightResolution(binary, cell);
    await expect(verifyCell({ ...cell, binary, resolution, timeoutMs })).resolves.toMatchObject({ outcome: 'equal' });
  });

  test.skipIf(!aborts)(
    `an abort is equal when foretold${aborts ? '' : ' (skipped: no abort to be had here)'}`,
    async () => {
      const cell: ResolutionRequest = { accel: 'kvm', machine: 'q35', cpu: 'host' };
      const foretold = await verifyCell({ ...cell, binary, resolution: refusedBy('abort', 'whatever'), timeoutMs });
      expect(foretold).toMatchObject({ outcome: 'equal', exit: { signal: 'SIGABRT' } });
      const surprise = await verifyCell({ ...cell, binary, resolution: blank, timeoutMs });
      expect(surprise).toMatchObject({
        outcome: 'different',
        differences: [{ what: 'start', qemu: expect.stringMatching(/^killed by SIGABRT: .*failed to set MSR/) }],
      });
    },
  );
});

describe('where nothing can be told', () => {
  const fake = installFakeQemu();
  afterAll(fake.remove);
  let marker = '';
  afterEach(async () => expect(await processesLeft(marker)).toEqual([]));

  /** The script of the fake travels in `-cpu`, the last argument. */
  function verify(steps: readonly FakeQemuStep[], resolution: Resolution, limitMs = 5_000) {
    marker = `cpu-atlas-test-${randomUUID()}`;
    const marked: readonly FakeQemuStep[] = [['complain', `${marker}\n`], ...steps];
    const cell = { accel: 'tcg', machine: 'q35', cpu: JSON.stringify(marked) } as const;
    return verifyCell({ ...cell, binary: fake.binary, resolution, timeoutMs: limitMs });
  }

  test.each<{
    name: string;
    steps: readonly FakeQemuStep[];
    resolution?: Resolution;
    limitMs?: number;
    reason: RegExp;
  }>([
    {
      name: 'QEMU does not greet',
      steps: [['stay']],
      limitMs: 500,
      reason: /QEMU_TIMEOUT.*no QMP greeting within 500 ms/,
    },
    {
      name: 'QEMU greets and says no more',
      steps: [...negotiation, ['stay']],
      limitMs: 3_000,
      reason: /did not answer within 3000 ms/,
    },
    { name: 'garbage', steps: [['say', 'garbage\n'], ['stay']], reason: /QMP_PROTOCOL/ },
    { name: 'a program that cannot run', steps: [['exit', 127]], reason: /QEMU_LAUNCH_FAILED/ },
    { name: 'QEMU is killed', steps: [...negotiation, ['hear'], ['kill', 'SIGKILL']], reason: /killed by SIGKILL/ },
    {
      name: 'no access to KVM',
      steps: [
        ['complain', 'Could not access KVM kernel module: Permission denied\n'],
        ['exit', 1],
      ],
      reason: /Could not access KVM/,
    },
    {
      name: 'Atlas does not know',
      steps: [['exit', 1]],
      resolution: { ...blank, status: 'unknown', unknowns: ['the kernel layer'] },
      reason: /Atlas does not know: the kernel layer/,
    },
  ])('$name', async ({ steps, resolution = blank, limitMs, reason }) => {
    const verification = await verify(steps, resolution, limitMs);
    expect(verification).toMatchObject({
      outcome: 'could-not-tell',
      differences: [],
      notCompared: ['everything'],
      live: null,
    });
    expect(verification.reason).toMatch(reason);
  });

  test('a missing binary', async () => {
    const cell = { accel: 'tcg', machine: 'q35', cpu: 'x', binary: '/nonexistent/qemu', resolution: blank } as const;
    await expect(verifyCell({ ...cell, timeoutMs })).resolves.toMatchObject({
      outcome: 'could-not-tell',
      reason: expect.stringContaining('QEMU_NOT_FOUND'),
      exit: null,
    });
    expect(processesWith('/nonexistent/qemu')).toEqual([]);
  });

  test('a crash is no such case: it is a difference', async () => {
    await expect(verify([...negotiation, ['hear'], ['kill', 'SIGSEGV']], blank)).resolves.toMatchObject({
      outcome: 'different',
      differences: [{ what: 'start', atlas: 'starts', qemu: expect.stringContaining('killed by SIGSEGV') }],
    });
  });

  test('a foretold lack of the accelerator is equal', async () => {
    const message = '-accel kvm: failed to initialize kvm: Permission denied';
    const steps: readonly FakeQemuStep[] = [
      ['complain', `Could not access KVM kernel module: Permission denied\nqemu: ${message}\n`],
      ['exit', 1],
    ];
    await expect(verify(steps, refusedBy('accelerator', message))).resolves.toMatchObject({
      outcome: 'equal',
      otherMessages: [marker, 'Could not access KVM kernel module: Permission denied'],
    });
  });

  test('a name that would smuggle in an option is refused before anything runs', async () => {
    const cell = { accel: 'tcg', machine: 'q35,accel=kvm', cpu: 'x', binary: fake.binary, resolution: blank } as const;
    await expect(verifyCell({ ...cell, timeoutMs })).rejects.toMatchObject({ code: 'MACHINE_TYPE_UNKNOWN' });
  });
});
