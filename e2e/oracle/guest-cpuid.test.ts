import { describe, expect, it } from 'vitest';
import { createContext, guestCpuid, type HostSnapshot } from '@cpu-atlas/core';
import { tally } from '../testing/tally.ts';
import { shippedIndex, shippedVersions, type ShippedVersion } from './catalogs.ts';
import { differingEntries, openBits, wrongClaims } from './guest-cpuid-compare.ts';
import { readRecordedGuests } from './guest-cpuid-records.ts';
import { hasOracle, listOracle } from './oracle-files.ts';

const indexOf = (version: string): ReturnType<typeof shippedIndex> => {
  expect(shippedVersions).toContain(version);
  return shippedIndex(version as ShippedVersion);
};

/** What a snapshot may lack. */
const layers: readonly { lacks: string; without: (snapshot: HostSnapshot) => HostSnapshot }[] = [
  { lacks: 'the CPU', without: ({ hardware: _, ...rest }) => rest },
  { lacks: 'the kernel', without: ({ kernel: _, ...rest }) => rest },
  { lacks: 'both', without: ({ hardware: _, kernel: __, ...rest }) => rest },
];

describe.skipIf(!hasOracle)('guest CPUID of recorded hosts (skipped without ../shared/oracle)', () => {
  const files = listOracle('kvm-hosts');

  it.each(files)('%s: every KVM_SET_CPUID2 is equal, and nothing of it unknown', (file) => {
    const { snapshot, hyperV, launches } = readRecordedGuests(file);
    expect(launches.length).toBeGreaterThan(10);
    const host = file.replace(/-([\d.]+)\.json\.gz$/, ', Linux $1');
    const found = launches.flatMap(({ version, label, request, entries }) => {
      const computed = guestCpuid(createContext(indexOf(version), snapshot), request, { hyperV });
      const differing = [...differingEntries(computed.entries, entries), ...openBits(computed)];
      const counts = { compared: 1, different: differing.length > 0 ? 1 : 0 };
      tally({ of: `QEMU ${version}`, accel: 'kvm', host, what: 'guest CPUIDs', ...counts });
      return differing.map((one) => `${label}: ${one}`);
    });
    expect(found).toEqual([]);
  });

  const cases = files.flatMap((file) => layers.map((layer) => ({ file, ...layer })));
  it.each(cases)('$file without $lacks: what is still claimed to be known is so', ({ file, without }) => {
    const { snapshot, launches } = readRecordedGuests(file);
    const found = launches.flatMap(({ version, label, request, entries }) => {
      const computed = guestCpuid(createContext(indexOf(version), without(snapshot)), request);
      return wrongClaims(computed, entries).map((one) => `${label}: ${one}`);
    });
    expect(found).toEqual([]);
  });

  it.each(files)('%s: without KVM_GET_SUPPORTED_HV_CPUID nothing but hv-passthrough is unknown', (file) => {
    const { snapshot, launches } = readRecordedGuests(file);
    const open = launches.flatMap(({ version, label, request, entries }) => {
      const computed = guestCpuid(createContext(indexOf(version), snapshot), request);
      expect(wrongClaims(computed, entries), label).toEqual([]);
      return openBits(computed).length > 0 ? [request.cpu] : [];
    });
    expect(open.filter((cpu) => !cpu.includes('hv-passthrough'))).toEqual([]);
  });
});
