import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { parseSnapshot } from '@cpu-atlas/contract';
import { collectSnapshot } from './collect-snapshot.ts';
import { loadNative } from './native-part.ts';
import { fakeProbe, kvmOf, makeRoot, unknownOf } from './testing/fake-host.ts';

describe('files of the host', () => {
  it('are read as they are: release, modules, microcode, vulnerabilities, id', async () => {
    const machineId = '0123456789abcdef0123456789abcdef';
    const root = makeRoot({
      'proc/sys/kernel/osrelease': '6.1.0-test\n',
      'proc/cpuinfo': 'processor\t: 0\nmicrocode\t: 0xa0011d5\n',
      'etc/machine-id': `${machineId}\n`,
      'sys/module/kvm/parameters/ignore_msrs': 'N\n',
      'sys/module/kvm_amd/parameters/nested': '1\n',
      'sys/module/kvmgt/parameters/x': '1\n',
      'sys/devices/system/cpu/vulnerabilities/mds': 'Not affected\n',
    });
    const snapshot = await collectSnapshot({ qemu: false, native: fakeProbe(), sysRoot: root });
    expect(snapshot).toMatchObject({
      hardware: { microcode: '0xa0011d5', vulnerabilities: { mds: 'Not affected' } },
      kernel: { release: '6.1.0-test', kvm: { modules: { kvm: { ignore_msrs: 'N' }, kvm_amd: { nested: '1' } } } },
    });
    const again = await collectSnapshot({ qemu: false, native: fakeProbe(), sysRoot: root });
    expect(again.host.id).toBe(snapshot.host.id);
    expect(snapshot.host.id).not.toContain(machineId.slice(0, 8));
    expect(kvmOf(snapshot)).not.toHaveProperty('modules.kvmgt');
  });

  it('may all be absent', async () => {
    const snapshot = await collectSnapshot({ qemu: false, native: fakeProbe(), sysRoot: makeRoot({}) });
    expect(snapshot.hardware).toMatchObject({ cpus: [{ cpus: '0' }] });
    expect(snapshot.kernel).toMatchObject({ unknown: { code: 'PROBE_FAILED' } });
    expect(snapshot.host.id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('may be huge, garbage or pipes', async () => {
    const root = makeRoot({
      'proc/sys/kernel/osrelease': 'x'.repeat(1_000_000),
      'sys/devices/system/cpu/online': '9'.repeat(1_000_000),
      'proc/cpuinfo': 'microcode : zzz\n',
      'etc/machine-id': 'uninitialized\n',
      'sys/devices/system/cpu/cpu0/tsc_freq_khz': '-1e9',
    });
    mkdirSync(join(root, 'sys/devices/system/cpu/vulnerabilities'));
    execFileSync('mkfifo', [join(root, 'sys/devices/system/cpu/vulnerabilities/pipe')]);
    const snapshot = await collectSnapshot({ qemu: false, native: fakeProbe(), sysRoot: root });
    expect(snapshot.kernel).toMatchObject({ release: 'x'.repeat(4_096) });
    expect(snapshot.hardware).not.toHaveProperty('microcode');
    expect(snapshot.hardware).not.toHaveProperty('tscKhz');
    expect(parseSnapshot(JSON.parse(JSON.stringify(snapshot)))).toEqual(snapshot);
  });
});

const real = loadNative();
const nativeNote = real.kind === 'loaded' ? '' : ` (skipped: ${real.unknown.reason})`;

describe.skipIf(real.kind === 'missing')(`/dev/kvm, opened by the real native part${nativeNote}`, () => {
  const release = { 'proc/sys/kernel/osrelease': '6.1.0-test' };
  const codeUnder = async (root: string) =>
    unknownOf(kvmOf(await collectSnapshot({ qemu: false, sysRoot: root })))?.code;

  const cases: readonly { name: string; make: (device: string) => void; code: string }[] = [
    { name: 'does not exist', make: () => undefined, code: 'KVM_ABSENT' },
    { name: 'is a plain file', make: (device) => writeFileSync(device, ''), code: 'KVM_FAILED' },
    { name: 'is a directory', make: (device) => mkdirSync(device), code: 'KVM_FAILED' },
    { name: 'is a pipe nobody writes to', make: (device) => execFileSync('mkfifo', [device]), code: 'KVM_FAILED' },
  ];
  it.each(cases)('$name: $code', async ({ make, code }) => {
    const root = makeRoot(release);
    mkdirSync(join(root, 'dev'));
    make(join(root, 'dev/kvm'));
    expect(await codeUnder(root)).toBe(code);
  });

  const isRoot = process.getuid?.() === 0;
  const isStuck = isRoot && !isMainThread;
  it.skipIf(isStuck)(
    `belongs to others: KVM_DENIED${isStuck ? ' (skipped: a thread of root keeps its rights)' : ''}`,
    async () => {
      const root = makeRoot({ ...release, 'dev/kvm': '' });
      chmodSync(join(root, 'dev/kvm'), 0);
      const code = isRoot ? await asNobody(async () => codeUnder(root)) : await codeUnder(root);
      expect(code).toBe('KVM_DENIED');
    },
  );
});

/** Runs without the rights of root, which may open everything. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const nobody = 65_534;
  process.seteuid?.(nobody);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
