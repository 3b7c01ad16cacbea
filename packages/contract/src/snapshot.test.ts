import { AtlasError } from '@cpu-atlas/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from './limits.ts';
import { parseSnapshot, parseSnapshotText } from './snapshot.ts';

const entry = { leaf: '0x7', subleaf: 0, eax: '0x0', ebx: '0xFFFFFFFF', ecx: '0x0', edx: '0x1' };
const minimal = {
  schema: 'cpu-atlas/host-snapshot/1',
  host: { id: 'a', name: 'node-a' },
  collectedAt: '2026-11-22T13:00:00Z',
  collector: 'hand',
};
const kvm = {
  apiVersion: 12,
  supportedCpuid: [entry],
  featureMsrs: [{ index: '0x10A', value: '0x0C000069' }],
  capabilities: {},
};
const full = {
  ...minimal,
  hardware: { cpus: [{ cpus: '0-1', cpuid: [entry] }], microcode: '0xA0011D5' },
  kernel: { release: '6.12.1', kvm },
  qemu: [{ path: '/usr/bin/qemu-system-x86_64', version: '10.0.13' }],
};

function faultOf(run: () => unknown): AtlasError {
  try {
    run();
  } catch (error) {
    if (error instanceof AtlasError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('parseSnapshot accepts', () => {
  it('a snapshot without any layer', () => {
    expect(parseSnapshot(minimal)).toEqual(minimal);
  });

  it('hex of any length and case, and normalises it', () => {
    const snapshot = parseSnapshot(full);
    expect(snapshot.hardware).toMatchObject({ microcode: '0xa0011d5' });
    expect(snapshot.hardware).toHaveProperty(['cpus', 0, 'cpuid', 0], {
      leaf: '0x00000007',
      subleaf: 0,
      eax: '0x00000000',
      ebx: '0xffffffff',
      ecx: '0x00000000',
      edx: '0x00000001',
    });
    expect(snapshot.kernel).toHaveProperty(['kvm', 'featureMsrs', 0], { index: '0x0000010a', value: '0xc000069' });
  });

  it.each([
    ['numbers as registers', { ...entry, leaf: 7, eax: 0xffff_ffff }, { leaf: '0x00000007', eax: '0xffffffff' }],
    ['hex without its prefix', { ...entry, eax: '1F', ebx: '00000000ff' }, { eax: '0x0000001f', ebx: '0x000000ff' }],
    ['no subleaf', { ...entry, subleaf: undefined }, { subleaf: 0 }],
    ['null as subleaf', { ...entry, subleaf: null }, { subleaf: 0 }],
    ['a hex subleaf', { ...entry, subleaf: '0x1' }, { subleaf: 1 }],
    ['leading zeros beyond 32 bits', { ...entry, eax: '0x0000000000000001' }, { eax: '0x00000001' }],
    ['extra keys, which it drops', { ...entry, flags: 1 }, { leaf: '0x00000007' }],
  ])('%s', (_, given, expected) => {
    const snapshot = parseSnapshot({ ...minimal, hardware: { cpus: [{ cpus: '0', cpuid: [given] }] } });
    expect(snapshot.hardware).toHaveProperty(['cpus', 0, 'cpuid', 0], expect.objectContaining(expected));
    expect(snapshot.hardware).not.toHaveProperty(['cpus', 0, 'cpuid', 0, 'flags']);
  });

  it('layers that are null as layers left out', () => {
    expect(parseSnapshot({ ...minimal, hardware: null, kernel: null, qemu: null })).toEqual(minimal);
  });

  it('a kernel without KVM as a KVM layer that is unknown, not empty', () => {
    const snapshot = parseSnapshot({ ...minimal, kernel: { release: '6.1' } });
    expect(snapshot.kernel).toHaveProperty('kvm.unknown.code', 'NOT_IN_SNAPSHOT');
  });

  it('layers that say why they are unknown', () => {
    const unknown = { code: 'KVM_DENIED', reason: 'EACCES', remedy: 'group kvm' };
    expect(parseSnapshot({ ...minimal, hardware: { unknown } }).hardware).toEqual({ unknown });
  });

  it('a time with an offset', () => {
    expect(parseSnapshot({ ...minimal, collectedAt: '2026-11-22T14:00:00.5+01:00' }).collectedAt).toContain('+01:00');
  });
});

describe('parseSnapshot refuses, with the place,', () => {
  const withEntry = (given: unknown): unknown => ({
    ...minimal,
    hardware: { cpus: [{ cpus: '0', cpuid: [entry, given] }] },
  });
  it.each<[string, unknown, string]>([
    ['nothing', undefined, '$'],
    ['a list', [], '$'],
    ['another schema', { ...minimal, schema: 'cpu-atlas/host-snapshot/2' }, '$.schema'],
    ['a host without id', { ...minimal, host: { name: 'x' } }, '$.host.id'],
    ['a time that is none', { ...minimal, collectedAt: 'yesterday' }, '$.collectedAt'],
    ['a register that is no hex', withEntry({ ...entry, ebx: '12 MHz' }), '$.hardware.cpus[0].cpuid[1].ebx'],
    ['a register of 33 bits', withEntry({ ...entry, ecx: '0x1ffffffff' }), '$.hardware.cpus[0].cpuid[1].ecx'],
    ['a negative register', withEntry({ ...entry, edx: -1 }), '$.hardware.cpus[0].cpuid[1].edx'],
    ['a register that is missing', withEntry({ leaf: '0x1' }), '$.hardware.cpus[0].cpuid[1].eax'],
    ['an empty list of CPUs', { ...minimal, hardware: { cpus: [] } }, '$.hardware.cpus'],
    [
      'KVM without its CPUID',
      { ...full, kernel: { release: '6', kvm: { ...kvm, supportedCpuid: undefined } } },
      '$.kernel.kvm.supportedCpuid',
    ],
    [
      'an MSR without a value',
      { ...full, kernel: { release: '6', kvm: { ...kvm, featureMsrs: [{ index: '0x1' }] } } },
      '$.kernel.kvm.featureMsrs[0].value',
    ],
    [
      'a capability that is text',
      { ...full, kernel: { release: '6', kvm: { ...kvm, capabilities: { A: 'yes' } } } },
      '$.kernel.kvm.capabilities.A',
    ],
    [
      'an unknown layer without a reason',
      { ...minimal, kernel: { unknown: { code: 'X' } } },
      '$.kernel.unknown.reason',
    ],
  ])('%s', (_, value, where) => {
    const fault = faultOf(() => parseSnapshot(value, 'node.json'));
    expect(fault).toMatchObject({ code: 'SNAPSHOT_INVALID', where: `node.json: ${where}` });
    expect(fault.remedy).toContain('cpu-atlas probe');
  });

  it('more CPUID entries than any host has', () => {
    const cpuid = new Array(limits.snapshotValues).fill(entry);
    expect(faultOf(() => parseSnapshot({ ...minimal, hardware: { cpus: [{ cpus: '0', cpuid }] } })).code).toBe(
      'SNAPSHOT_INVALID',
    );
  });

  it('JSON nested 200,000 deep', () => {
    const json = `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`;
    expect(faultOf(() => parseSnapshotText(json, 'deep.json')).code).toBe('SNAPSHOT_INVALID');
  });

  it('a value that contains itself', () => {
    const cycle: Record<string, unknown> = { ...minimal };
    cycle['self'] = cycle;
    expect(faultOf(() => parseSnapshot(cycle)).message).toContain('deeper');
  });

  it('text beyond the size limit', () => {
    expect(faultOf(() => parseSnapshotText(' '.repeat(limits.snapshotBytes + 1), 'x')).code).toBe('FILE_TOO_LARGE');
  });
});

describe('parseSnapshotText', () => {
  it('reads back what JSON.stringify wrote, with a byte order mark too', () => {
    expect(parseSnapshotText(`\uFEFF${JSON.stringify(minimal)}`, 'x')).toEqual(minimal);
  });

  it('tells line and column where a file was cut short, at every place', () => {
    const text = JSON.stringify(full, null, 1);
    for (let length = 0; length < text.length; length += 7) {
      const fault = faultOf(() => parseSnapshotText(text.slice(0, length), 'cut.json'));
      expect(fault.code).toBe('SNAPSHOT_INVALID');
      expect(fault.message).toMatch(length === 0 ? 'is empty' : 'ends too early');
    }
  });

  it('tells line and column of a slip', () => {
    const fault = faultOf(() => parseSnapshotText('{\n  "a": 1,\n  "b" 2\n}', 'slip.json'));
    expect(fault.where).toBe('slip.json: line 3, column 7');
  });
});

describe('whatever comes', () => {
  const isCoded = (run: () => unknown): boolean => {
    try {
      run();
      return true;
    } catch (error) {
      return error instanceof AtlasError && error.code === 'SNAPSHOT_INVALID' && error.where !== undefined;
    }
  };

  it('garbage never gets past with anything but SNAPSHOT_INVALID', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withMap: true, withSet: true, withNullPrototype: true, withTypedArray: true }),
        (value) => {
          const fault = faultOf(() => parseSnapshot(value, 'x'));
          return fault.code === 'SNAPSHOT_INVALID' && fault.message.length < 500;
        },
      ),
    );
  });

  it('a good snapshot with one part replaced by garbage is read or refused by code', () => {
    const paths = pathsOf(full);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.anything({ withNullPrototype: true }), (path, garbage) =>
        isCoded(() => parseSnapshot(replaced(full, path, garbage), 'x')),
      ),
      { numRuns: 1_000 },
    );
  });

  it('garbage text is refused by code', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => isCoded(() => parseSnapshotText(text, 'x'))));
  });

  it('parsing twice changes nothing', () => {
    const once = parseSnapshot(full);
    expect(parseSnapshot(once)).toEqual(once);
  });
});

function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, key]))];
}

function replaced(value: unknown, path: readonly string[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((child: unknown, at) => (String(at) === key ? replaced(child, rest, by) : child));
  if (typeof value !== 'object' || value === null) return value;
  return { ...value, [key]: replaced(Reflect.get(value, key), rest, by) };
}
