import { describe, expect, it } from 'vitest';
import type { CpuidEntry } from '../snapshot/snapshot.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { cpuid, snapshotWith } from '../testing/hosts.ts';
import { readHostFacts } from './host-facts.ts';
import { kvmMsrWord } from './kvm-msr.ts';

const index = shippedIndex('10.0.13');

interface Made {
  readonly value?: string;
  readonly msrIndices?: readonly string[];
  readonly supported?: readonly CpuidEntry[];
  readonly runsAs?: string;
  readonly unreadable?: boolean;
}

function word(
  msr: number,
  { value, msrIndices, supported = [], runsAs, unreadable = false }: Made,
): { low: number; high: number; unknown: number } {
  const featureMsrs = value === undefined ? [] : [{ index: `0x${msr.toString(16)}`, value }];
  const kvm = {
    apiVersion: 12,
    supportedCpuid: supported,
    featureMsrs,
    capabilities: {},
    ...(msrIndices && { msrIndices }),
    ...(unreadable && { unreadableMsrs: [`0x${msr.toString(16)}`] }),
  };
  const facts = readHostFacts(snapshotWith({ kernel: { release: '6.12', kvm } }), '10.0.13');
  if (facts.kvm === null) throw new Error('made with KVM');
  const own = runsAs === undefined ? index : shippedIndex('10.0.13', runsAs);
  const { low, high, unknownLow, unknownHigh } = kvmMsrWord(own, msr, facts, facts.kvm);
  return { low, high, unknown: unknownLow | unknownHigh };
}

/** mds-no, taa-no, sbdr-ssdp-no, fbsdp-no and psdp-no. */
const immune = 0xe120;

// Source: QEMU 7.2, 10.0 and 10.2 sources; Intel SDM vol. 3D, appendix A
describe('kvmMsrWord', () => {
  it.each([
    { name: 'an MSR that KVM does not list supports nothing', msr: 0x10a, made: {}, low: 0, high: 0 },
    { name: 'an MSR of features is taken as it is', msr: 0x345, made: { value: '0x2007' }, low: 0x2007, high: 0 },
    { name: 'with both of its halves', msr: 0x48c, made: { value: '0xf0106334141' }, low: 0x06334141, high: 0xf01 },
    {
      name: 'controls are what may be 1 and need not',
      msr: 0x48d,
      made: { value: '0x000000ff00000016' },
      low: 0xe9,
      high: 0,
    },
    { name: 'primary controls alike', msr: 0x48e, made: { value: '0xfff9fffe04006172' }, low: 0xfbf99e8c, high: 0 },
    { name: 'exit controls alike', msr: 0x48f, made: { value: '0x0000003000000010' }, low: 0x20, high: 0 },
    { name: 'entry controls alike', msr: 0x490, made: { value: '0x0000003000000010' }, low: 0x20, high: 0 },
    {
      name: 'secondary controls alike',
      msr: 0x48b,
      made: { value: '0x0000002800000008', msrIndices: ['0x48b'] },
      low: 0x20,
      high: 0,
    },
    {
      name: 'basic information is no control',
      msr: 0x480,
      made: { value: '0x00d8100011e57ed0' },
      low: 0x11e57ed0,
      high: 0x00d81000,
    },
  ])('$name', ({ msr, made, low, high }) => {
    expect(word(msr, made)).toEqual({ low, high, unknown: 0 });
  });

  const all = [
    cpuid(0xd, { ecx: 8 }, 1),
    cpuid(1, { ecx: 0x40000000 }),
    cpuid(7, { ebx: 0x40400 }),
    cpuid(0x80000001, { edx: 0x8000000 }),
  ];

  it.each([
    {
      name: 'a kernel that forgot the secondary controls gets those that CPUID speaks of',
      msrIndices: ['0x480'],
      supported: all,
      low: 0x111808,
    },
    { name: 'a kernel that lists them is believed', msrIndices: ['0x48b'], supported: all, low: 0 },
    {
      name: 'a kernel that forgot them gets none that CPUID does not speak of',
      msrIndices: ['0x480'],
      supported: [],
      low: 0,
    },
  ])('$name', ({ msrIndices, supported, low }) => {
    expect(word(0x48b, { value: '0x0', msrIndices, supported }).low).toBe(low);
  });

  it.each([
    { name: 'a host that is immune needs no fb-clear', runsAs: '10.0.13', value: immune, low: immune | 0x20000 },
    { name: 'one immunity missing, and it does', runsAs: '10.0.13', value: immune & ~0x100, low: immune & ~0x100 },
    { name: 'before 10.0.6 QEMU did not look', runsAs: '10.0.5', value: immune, low: immune },
    { name: 'neither did 10.1.1', runsAs: '10.1.1', value: immune, low: immune },
    { name: '10.1.2 does', runsAs: '10.1.2', value: immune, low: immune | 0x20000 },
  ])('$name', ({ runsAs, value, low }) => {
    expect(word(0x10a, { value: `0x${value.toString(16)}`, runsAs }).low).toBe(low);
  });
});

describe('an MSR of which KVM does not tell the value', () => {
  it.each([
    { name: 'is unknown when KVM has it', unreadable: true, unknown: -1 },
    { name: 'supports nothing when KVM does not list it', unreadable: false, unknown: 0 },
  ])('$name', ({ unreadable, unknown }) => {
    expect(word(0x10a, { unreadable })).toEqual({ low: 0, high: 0, unknown });
  });
});
