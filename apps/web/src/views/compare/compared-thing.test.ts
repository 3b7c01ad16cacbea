import { compareFeatures, indexCatalog } from '@cpu-atlas/core';
import type { Catalog, ComparedSide, HostSnapshot } from '@cpu-atlas/core';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareFacts } from './compare-facts.ts';
import { describeCell, describeHost, describeModel, writeAbi } from './compared-thing.ts';
import type { Ground } from './compared-thing.ts';
import { writeComparison } from './write-comparison.ts';

const data = new URL('../../../../../data/', import.meta.url);
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, data), 'utf8'));
const index = indexCatalog((read('qemu/10.0.13/catalog.json') as { catalog: Catalog }).catalog);
const milan = read('snapshots/lab-epyc-milan-6.1.json') as HostSnapshot;
const ground: Ground = { index, accel: 'kvm', machine: 'q35' };

describe('a thing of a comparison', () => {
  it('a host is what its accelerator offers, with the layers that tell', () => {
    const { facts, features } = describeHost(ground, milan);
    expect(facts).toMatchObject({ Vendor: 'AuthenticAMD' });
    expect(facts.Kernel).toMatch(/^6\.1/);
    expect(features.get('avx2')?.presence).toBe('present');
    expect(features.get('avx512f')?.presence).toBe('absent');
  });

  it('a model is what it asks for', () => {
    const { facts } = describeModel(ground, 'EPYC-Milan');
    expect(facts).toMatchObject({ 'ABI level': 'x86-64-v3', 'Stands for': 'EPYC-Milan-v1' });
    expect(facts.Kernel).toBeUndefined();
  });

  it('a cell is what a guest sees, and says which layer withholds what', () => {
    const { facts, features } = describeCell(ground, milan, { model: 'Skylake-Server-v4', machine: 'pc-q35-10.0' });
    expect(facts.Outcome).toMatch(/^starts with features filtered \(\d+\)$/);
    expect(features.get('avx512f')).toMatchObject({ presence: 'absent', layer: 'hardware' });
  });

  it('what the host decides is unknown of the model host', () => {
    expect(describeModel(ground, 'host').facts).toMatchObject({ 'ABI level': 'unknown', Features: 'unknown' });
  });
});

describe('the ABI level of something partly unknown', () => {
  const side = (lacking: readonly string[], presence: 'absent' | 'unknown'): ComparedSide => {
    const whole = describeCell(ground, milan, { model: 'EPYC-Milan', machine: 'q35' }).features;
    return new Map(
      [...whole].map(([name, one]) => [name, lacking.includes(name) ? { ...one, presence } : one] as const),
    );
  };
  it.each([
    ['a level that lacks nothing is reached', side([], 'absent'), 'x86-64-v3'],
    ['what is absent ends it', side(['avx2'], 'absent'), 'x86-64-v2'],
    ['what is unknown leaves it open', side(['avx2'], 'unknown'), 'x86-64-v2 or more'],
  ])('%s', (_, features, expected) => {
    expect(writeAbi(features)).toBe(expected);
  });
});

describe('facts side by side', () => {
  it('differ only among the things that they apply to', () => {
    const facts = compareFacts([
      { Vendor: 'AuthenticAMD', Kernel: '6.1' },
      { Vendor: 'AuthenticAMD' },
      { Vendor: 'GenuineIntel' },
    ]);
    expect(facts).toEqual([
      { term: 'Vendor', values: ['AuthenticAMD', 'AuthenticAMD', 'GenuineIntel'], isDiffering: true },
      { term: 'Kernel', values: ['6.1', null, null], isDiffering: false },
    ]);
  });
});

describe('a comparison as Markdown', () => {
  it('has what differs, first facts, and counts what does not', () => {
    const [a, b] = [describeModel(ground, 'EPYC-v1'), describeModel(ground, 'EPYC-v2')];
    const text = writeComparison({
      titles: ['EPYC-v1', 'EPYC|v2'],
      facts: compareFacts([a.facts, b.facts]),
      features: compareFeatures([a.features, b.features]),
      coordinates: new Map([['ibpb', 'CPUID.80000008H:EBX[12]']]),
      ground: 'QEMU 10.0.13, q35, kvm',
      link: 'http://atlas/compare',
    });
    expect(text).toContain('|  | EPYC-v1 | EPYC\\|v2 |');
    expect(text).toContain('| `ibpb` CPUID.80000008H:EBX[12] | no | yes |');
    expect(text.indexOf('| Features |')).toBeLessThan(text.indexOf('| `ibpb` '));
    expect(text).toMatch(/Equal: \d+ facts, \d{3} features\./);
  });
});
