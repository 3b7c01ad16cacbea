import { describe, expect, onTestFinished, test } from 'vitest';
import { readLiveCpu } from './live-cpu.ts';
import { qemuExitOf } from './qemu-exit.ts';
import { qmpRefusalOf } from './qmp-fault.ts';
import { launchQemu, type QemuLaunch, type QemuProcess } from './qemu-process.ts';
import { abortsForCpuHost, kvmProblem, realQemus } from './testing/real-qemu.ts';

type Configuration = Omit<QemuLaunch, 'timeoutMs'>;

async function launch(configuration: Configuration): Promise<QemuProcess> {
  const qemu = await launchQemu({ timeoutMs: 15_000, ...configuration });
  onTestFinished(async () => void (await qemu.dispose()));
  return qemu;
}

test.skipIf(realQemus.length > 0)('qemu-system-x86_64 is not installed: no live test of QMP ran', () => {});

describe.each(realQemus)('%s', (binary) => {
  test.each(['q35', 'pc', 'microvm', 'isapc'])('on %s the CPU is read', async (machine) => {
    const qemu = await launch({ binary, machine, accel: 'tcg', cpu: 'Nehalem' });
    const cpu = await readLiveCpu(qemu.client);
    expect(cpu).toMatchObject({
      path: expect.stringMatching(/^\/machine\//),
      properties: {
        ...{ type: 'Nehalem-x86_64-cpu', vendor: 'GenuineIntel', family: 6, model: 26, stepping: 3, level: 11 },
        ...{ xlevel: 0x80000008, xlevel2: 0, pmu: false, 'host-phys-bits-limit': expect.any(Number) },
        'phys-bits': expect.any(Number),
      },
    });
    expect(cpu.featureWords).toContainEqual({
      'cpuid-input-eax': 1,
      'cpuid-register': 'EDX',
      features: expect.any(Number),
    });
    expect(cpu.featureWords.filter((word) => word['cpuid-input-eax'] === 7)).toContainEqual({
      ...{ 'cpuid-input-eax': 7, 'cpuid-input-ecx': 0, 'cpuid-register': 'EBX', features: expect.any(Number) },
    });
    expect(cpu.filteredFeatures).toHaveLength(cpu.featureWords.length);
  });

  test('what cannot be had is in the filtered features, the names and the warnings', async () => {
    const qemu = await launch({ binary, machine: 'q35', accel: 'tcg', cpu: 'qemu64,+avx512f' });
    const cpu = await readLiveCpu(qemu.client);
    expect(cpu.unavailableFeatures).toContain('avx512f');
    expect(cpu.filteredFeatures).toContainEqual({
      ...{ 'cpuid-input-eax': 7, 'cpuid-input-ecx': 0, 'cpuid-register': 'EBX', features: 2 ** 16 },
    });
    const exit = await qemu.quit();
    expect(exit).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/TCG doesn't support requested feature: .*avx512f/),
    });
  });

  test('a topology is accepted, and more processors are all there', async () => {
    const smp = { cpus: 4, sockets: 1, cores: 2, threads: 2 };
    const qemu = await launch({ binary, machine: 'q35', accel: 'tcg', cpu: 'max', smp });
    await expect(qemu.client.execute('query-cpus-fast')).resolves.toHaveLength(4);
    await expect(readLiveCpu(qemu.client)).resolves.toMatchObject({ properties: { type: 'max-x86_64-cpu' } });
  });

  test.each(['none', 'x-remote'])('%s starts and has no CPU', async (machine) => {
    const qemu = await launch({ binary, machine, accel: 'tcg' });
    await expect(readLiveCpu(qemu.client)).rejects.toMatchObject({ code: 'VERIFY_UNAVAILABLE' });
  });

  test.each<{ name: string; configuration: Omit<Configuration, 'binary'>; says: RegExp }>([
    {
      name: 'an unknown machine type',
      configuration: { machine: 'pc-0.1', accel: 'tcg' },
      says: /unsupported machine/,
    },
    { name: 'a machine type that needs Xen', configuration: { machine: 'xenfv', accel: 'tcg' }, says: /./ },
    { name: 'an unknown accelerator', configuration: { machine: 'q35', accel: 'nosuch' }, says: /nosuch/ },
    {
      name: 'an unknown model',
      configuration: { machine: 'q35', accel: 'tcg', cpu: 'X1' },
      says: /unable to find CPU/,
    },
    {
      name: 'an unknown flag',
      configuration: { machine: 'q35', accel: 'tcg', cpu: 'qemu64,+nosuch' },
      says: /nosuch' not found/,
    },
    {
      name: 'enforce',
      configuration: { machine: 'q35', accel: 'tcg', cpu: 'qemu64,+avx512f,enforce' },
      says: /TCG doesn't support requested features/,
    },
  ])('$name is QEMU_DIED with exit status 1 and the reason', async ({ configuration, says }) => {
    const error = await launch({ binary, ...configuration }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'QEMU_DIED', message: expect.stringMatching(says) });
    expect(qemuExitOf(error)).toMatchObject({ status: 1, signal: null });
  });

  test('a refused command tells the class and the sentence', async () => {
    const { client } = await launch({ binary, machine: 'none', accel: 'tcg' });
    const error: unknown = await client.execute('no-such-command').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'QMP_ERROR', where: 'no-such-command' });
    expect(qmpRefusalOf(error)).toMatchObject({ class: 'CommandNotFound' });
  });

  test('two thousand commands in flight are all answered', async () => {
    const { client } = await launch({ binary, machine: 'none', accel: 'tcg' });
    const version: unknown = await client.execute('query-version');
    const answers = await Promise.all(Array.from({ length: 2_000 }, () => client.execute('query-version')));
    expect(answers.every((answer) => JSON.stringify(answer) === JSON.stringify(version))).toBe(true);
    expect(client.greeting.version.package).toBe((version as { package: string }).package);
  });

  test('QEMU killed from outside fails what waits', async () => {
    const qemu = await launch({ binary, machine: 'none', accel: 'tcg' });
    const waiting = qemu.client.execute('query-cpu-definitions').catch((reason: unknown) => reason);
    process.kill(qemu.pid, 'SIGKILL');
    await expect(qemu.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
    // The answer may have been on its way.
    expect(Array.isArray(await waiting) || qemuExitOf(await waiting)?.signal === 'SIGKILL').toBe(true);
    await expect(qemu.client.execute('query-version')).rejects.toMatchObject({ code: 'QEMU_DIED' });
  });

  const withoutKvm = kvmProblem === null ? '' : ` (skipped: ${kvmProblem})`;
  const aborts = kvmProblem === null && abortsForCpuHost(binary);

  test.skipIf(kvmProblem !== null)(`under KVM a named model is read${withoutKvm}`, async () => {
    const qemu = await launch({ binary, machine: 'q35', accel: 'kvm', cpu: 'qemu64', kernelIrqchip: 'split' });
    const { properties, featureWords } = await readLiveCpu(qemu.client);
    expect(properties).toMatchObject({ type: 'qemu64-x86_64-cpu' });
    const kvmFeatures = featureWords.find(
      (word) => word['cpuid-input-eax'] === 0x40000001 && word['cpuid-register'] === 'EAX',
    );
    // With a split irqchip KVM offers the guest KVM_FEATURE_MSI_EXT_DEST_ID.
    expect((kvmFeatures?.features ?? 0) & (1 << 15)).not.toBe(0);
  });

  test.skipIf(kvmProblem !== null || aborts)(
    `under KVM -cpu host is read${withoutKvm}${aborts ? ' (skipped: the KVM of this machine makes QEMU abort)' : ''}`,
    async () => {
      const qemu = await launch({ binary, machine: 'q35', accel: 'kvm', cpu: 'host' });
      const { properties } = await readLiveCpu(qemu.client);
      expect(properties).toMatchObject({ type: 'host-x86_64-cpu', 'host-phys-bits': true });
    },
  );

  test.skipIf(!aborts)(
    `an abort of QEMU under KVM is QEMU_DIED with its words${aborts ? '' : ' (skipped: no abort to be had here)'}`,
    async () => {
      const error = await launch({ binary, machine: 'q35', accel: 'kvm', cpu: 'host' }).catch(
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ code: 'QEMU_DIED', message: expect.stringContaining('failed to set MSR') });
      expect(qemuExitOf(error)).toMatchObject({ status: null, signal: 'SIGABRT' });
    },
  );
});
