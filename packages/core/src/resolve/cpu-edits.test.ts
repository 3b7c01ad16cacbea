import { describe, expect, it } from 'vitest';
import type { PropertyValues } from '../catalog/catalog.ts';
import { shippedIndex, type ShippedVersion } from '../testing/catalogs.ts';
import { parseCpuArgument } from './cpu-argument.ts';
import { configureCpu, type ConfiguredCpu } from './cpu-edits.ts';

const indexes = {
  '7.2.22': shippedIndex('7.2.22'),
  '10.0.13': shippedIndex('10.0.13'),
  '11.1.3': shippedIndex('11.1.3'),
};

interface Setting {
  readonly version?: ShippedVersion;
  readonly isMax?: boolean;
  readonly forced?: PropertyValues | null;
}

function configure(edits: string, { version = '10.0.13', isMax = false, forced = null }: Setting = {}): ConfiguredCpu {
  const index = indexes[version];
  const start = { features: index.nothing, properties: { check: true, level: 5 } };
  return configureCpu(index, start, parseCpuArgument(`X,${edits}`), isMax, forced);
}

function featuresOf({ features }: Pick<ConfiguredCpu, 'features'>, version: ShippedVersion = '10.0.13'): string[] {
  const { catalog, features: locations } = indexes[version];
  return catalog.features
    .map(({ name }) => name)
    .filter((name) => {
      const location = locations.get(name);
      return (
        location !== undefined &&
        ((features[location.lane] & location.mask) !== 0 || (features[location.lane + 1] & location.highMask) !== 0)
      );
    });
}

describe('configureCpu', () => {
  it.each([
    { name: 'assignments come first, in their order', edits: 'avx=on,avx=off', on: [] },
    { name: 'plus comes after assignments', edits: '+avx,avx=off', on: ['avx'] },
    { name: 'minus comes last', edits: '-avx,+avx,avx=on', on: [] },
    { name: 'an alias names the same feature', edits: '+i64,xd=on', on: ['nx', 'lm'] },
    {
      name: 'dots, hyphens and underscores of old names',
      edits: '+sse4_1,sse4-2=on,+sse4.2',
      on: ['sse4.1', 'sse4.2'],
    },
    { name: 'a name of two bits sets both', edits: '+kvmclock', on: ['kvmclock'] },
    {
      name: 'a name whose bits lie in both halves of an MSR',
      edits: '+vmx-invept-single-context',
      on: ['vmx-invept-single-context'],
    },
  ])('$name', ({ edits, on }) => {
    expect(featuresOf(configure(edits)).sort()).toEqual([...on].sort());
  });

  it('knows both bits of kvmclock and of vmx-invept-single-context', () => {
    const { kvmclock, context } = {
      kvmclock: indexes['10.0.13'].features.get('kvmclock'),
      context: indexes['10.0.13'].features.get('vmx-invept-single-context'),
    };
    expect(kvmclock?.mask).toBe(0b1001);
    expect([context?.mask, context?.highMask]).toEqual([1 << 25, 1 << 9]);
  });

  it('remembers what the user set, on or off, and leaves the model alone', () => {
    const before = indexes['10.0.13'].nothing.slice();
    const { touched } = configure('+avx,-sse');
    expect(featuresOf({ features: touched }).sort()).toEqual(['avx', 'sse']);
    expect(indexes['10.0.13'].nothing).toEqual(before);
  });

  it('copies nothing when there is nothing to set', () => {
    const { features, touched } = configure('');
    expect(features).toBe(indexes['10.0.13'].nothing);
    expect(touched).toBe(indexes['10.0.13'].nothing);
  });

  it.each([
    {
      name: 'sets other properties and names them',
      edits: 'level=7,vendor=GenuineIntel',
      properties: { check: true, level: 7, vendor: 'GenuineIntel' },
      named: ['level', 'vendor'],
    },
    {
      name: 'takes signs for booleans',
      edits: '+enforce,-check',
      properties: { check: false, level: 5, enforce: true },
      named: ['enforce', 'check'],
    },
    {
      name: 'takes tsc-freq for tsc-frequency',
      edits: 'tsc-freq=1G',
      properties: { check: true, level: 5, 'tsc-frequency': 1e9 },
      named: ['tsc-frequency'],
    },
    {
      name: 'takes lbr_fmt for lbr-fmt',
      edits: 'lbr_fmt=5',
      properties: { check: true, level: 5, 'lbr-fmt': 5 },
      named: ['lbr-fmt'],
    },
  ])('$name', ({ edits, properties, named }) => {
    const cpu = configure(edits);
    expect(cpu.properties).toEqual(properties);
    expect([...cpu.named].sort()).toEqual([...named].sort());
  });

  it('lets the machine type have the last word', () => {
    expect(configure('host-phys-bits=off', { forced: { 'host-phys-bits': true } }).properties['host-phys-bits']).toBe(
      true,
    );
    expect(configure('', { forced: { 'host-phys-bits': true } }).properties['host-phys-bits']).toBe(true);
  });

  it('tells lm=on from +lm, as max does', () => {
    expect([...configure('lm=on').assignedOn]).toEqual(['lm']);
    expect([...configure('+lm,avx=off').assignedOn]).toEqual([]);
  });

  it('takes migratable on host and max only', () => {
    expect(configure('migratable=off', { isMax: true }).properties.migratable).toBe(false);
    expect(() => configure('migratable=off')).toThrow(expect.objectContaining({ code: 'CPU_PROPERTY_UNKNOWN' }));
  });

  const ambiguous = (sign: string, assignment: string): string =>
    `warning: Ambiguous CPU model string. Don't mix both "${sign}avx" and "avx=${assignment}"`;
  const consequence = "warning: Compatibility of ambiguous CPU model strings won't be kept on future QEMU versions";

  it.each([
    { name: 'an assignment after a plus', edits: '+avx,avx=off', warnings: [ambiguous('+', 'off'), consequence] },
    { name: 'an assignment after a minus', edits: '-avx,avx', warnings: [ambiguous('-', 'on'), consequence] },
    {
      name: 'an assignment after both',
      edits: '-avx,+avx,avx=on',
      warnings: [ambiguous('+', 'on'), ambiguous('-', 'on'), consequence],
    },
    {
      name: 'two assignments after a plus',
      edits: '+avx,avx=on,avx=off',
      warnings: [ambiguous('+', 'on'), ambiguous('+', 'off'), consequence],
    },
    { name: 'nothing of an assignment before a plus', edits: 'avx=off,+avx', warnings: [] },
    { name: 'nothing of plus and minus', edits: '+avx,-avx', warnings: [] },
  ])('warns of $name', ({ edits, warnings }) => {
    expect(configure(edits).warnings).toEqual(warnings);
  });

  it.each([
    {
      name: 'a version switches its features on',
      edits: 'avx10-version=2',
      on: ['avx10', 'avx10-128', 'avx10-256', 'avx10-512', 'avx10-vnni-int'],
    },
    {
      name: 'what follows may switch one off',
      edits: 'avx10-version=1,avx10-512=off',
      on: ['avx10', 'avx10-128', 'avx10-256'],
    },
    {
      name: 'what precedes is overruled',
      edits: 'avx10-512=off,avx10-version=1',
      on: ['avx10', 'avx10-128', 'avx10-256', 'avx10-512'],
    },
  ])('from 11.0 on: $name', ({ edits, on }) => {
    const cpu = configure(edits, { version: '11.1.3' });
    expect(featuresOf(cpu, '11.1.3').sort()).toEqual([...on].sort());
    expect(featuresOf({ features: cpu.touched }, '11.1.3').filter((name) => name === 'avx10')).toEqual([]);
  });

  it('before 11.0 a version of AVX10 switches nothing on', () => {
    expect(featuresOf(configure('avx10-version=2'))).toEqual([]);
  });

  it.each([
    { name: 'an unknown name', edits: '+nosuch', code: 'CPU_PROPERTY_UNKNOWN' },
    { name: 'a name with capitals', edits: '+AVX', code: 'CPU_PROPERTY_UNKNOWN' },
    { name: 'a name with a blank', edits: '+avx ', code: 'CPU_PROPERTY_UNKNOWN' },
    { name: 'tsc-freq after a sign', edits: '+tsc-freq', code: 'CPU_PROPERTY_UNKNOWN' },
    { name: 'an underscore after a sign that is no old name', edits: '+vmx_ept', code: 'CPU_PROPERTY_UNKNOWN' },
    { name: 'a name of every object', edits: '+constructor', code: 'CPU_PROPERTY_UNKNOWN' },
    { name: 'a feature with a number', edits: 'avx=1', code: 'CPU_PROPERTY_INVALID' },
    { name: 'a number after a sign', edits: '+level', code: 'CPU_PROPERTY_INVALID' },
  ])('refuses $name', ({ edits, code }) => {
    expect(() => configure(edits)).toThrow(expect.objectContaining({ code, where: '-cpu, character 3' }));
  });

  it('suggests the name that was meant', () => {
    expect(() => configure('+AVX')).toThrow(expect.objectContaining({ remedy: 'did you mean avx?' }));
    expect(() => configure('+vmx_ept')).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining('vmx-ept') }),
    );
  });

  it('refuses a version of AVX10 that QEMU 11.1 does not know', () => {
    expect(() => configure('avx10-version=3', { version: '11.1.3' })).toThrow(
      expect.objectContaining({ code: 'CPU_PROPERTY_INVALID' }),
    );
    expect(configure('avx10-version=3').properties['avx10-version']).toBe(3);
  });
});
