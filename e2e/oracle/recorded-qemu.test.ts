import { beforeAll, describe, expect, it } from 'vitest';
import { createContext, type HostSnapshot, type ResolveContext } from '@cpu-atlas/core';
import { tally, type Tally } from '../testing/tally.ts';
import { shippedIndex, type ShippedVersion } from './catalogs.ts';
import { compareDefinitions, compareExpansions, compareFlags, type Comparison } from './expansions.ts';
import { hasOracle, readOracle } from './oracle-files.ts';
import { snapshotOfSweepHost, type RecordedHost } from './oracle-snapshots.ts';
import { differencesOf, readSweep, readVariants, type RecordedLaunch } from './sweeps.ts';

/** Recordings of one machine (see the oracle's README), and which shipped catalog describes the binary. */
const recordings = [
  { folder: '7.2-tcg', accel: 'tcg', version: '7.2.22' },
  { folder: '7.2-kvm', accel: 'kvm', version: '7.2.22' },
  { folder: '10.0-tcg', accel: 'tcg', version: '10.0.13' },
  { folder: '10.0-kvm', accel: 'kvm', version: '10.0.13' },
] as const satisfies readonly { folder: string; accel: 'kvm' | 'tcg'; version: ShippedVersion }[];

const report = (comparisons: readonly Comparison[]): string[] =>
  comparisons
    .filter(({ differences }) => differences.length > 0)
    .map(({ label, differences }) => `${label}: ${differences.join('; ')}`);

describe.skipIf(!hasOracle)('answers of recorded QEMU binaries (skipped without ../shared/oracle)', () => {
  let host: HostSnapshot;
  beforeAll(() => {
    host = snapshotOfSweepHost(readOracle<RecordedHost>('qemu', 'host.json.gz'));
  });

  describe.each(recordings)('$folder', ({ folder, accel, version }) => {
    let context: ResolveContext;
    beforeAll(() => {
      context = createContext(shippedIndex(version), host);
    });
    const compare = (launches: readonly RecordedLaunch[]): Comparison[] =>
      launches.map((launch) => ({ label: launch.label, differences: differencesOf(context, accel, launch) }));
    const judge = (what: string, comparisons: readonly Comparison[], leftOut?: Tally['leftOut']): void => {
      const found = report(comparisons);
      const counts = { compared: comparisons.length, different: found.length, leftOut };
      tally({ of: `QEMU ${version}`, accel, host: 'EPYC, reduced KVM', what, ...counts });
      expect(found).toEqual([]);
    };

    it('every launch of the sweep: words, filtered, unavailable in order, levels, identity, warnings, refusals', () => {
      const launches = readSweep(folder, 'sweep.json.gz');
      expect(launches.length).toBeGreaterThan(1000);
      judge('launches', compare(launches));
    });

    it.skipIf(accel === 'tcg')('every launch of the sweep without arch-capabilities (recorded under KVM only)', () => {
      const launches = readSweep(folder, 'sweep-noarchcap.json.gz', ',-arch-capabilities');
      expect(launches.length).toBeGreaterThan(50);
      judge('launches', compare(launches));
    });

    it('every configuration variation that Atlas has inputs for', () => {
      const { launches, withoutInput } = readVariants(folder);
      expect(launches.length).toBeGreaterThan(700);
      expect(withoutInput.filter((label) => !/(global|mem=|cpu-pm)/.test(label))).toEqual([]);
      const why = 'options that Atlas does not take: -global, memory, cpu-pm';
      judge('launches', compare(launches), { count: withoutInput.length, why });
    });

    it('every definition on every machine type: unavailable features in order, aliases', () => {
      const comparisons = compareDefinitions(context, folder, accel);
      expect(comparisons.length).toBeGreaterThan(7000);
      judge('definitions', comparisons);
    });

    it('every full expansion on every machine type: requested features and levels', () => {
      const comparisons = compareExpansions(context, folder, accel);
      expect(comparisons.length).toBeGreaterThan(7000);
      judge('expansions', comparisons);
    });

    it('every flag switched on and off', () => {
      const comparisons = compareFlags(context, folder, accel);
      expect(comparisons.length).toBeGreaterThan(4000);
      judge('flags switched', comparisons);
    });
  });
});
