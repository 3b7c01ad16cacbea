import { describe, expect, it } from 'vitest';
import { releaseOf, type QemuRelease } from '../catalog/release.ts';
import { datedRules, holds, type DatedRule, type RuleName } from './rules.ts';

const names = Object.keys(datedRules) as RuleName[];
const before = (version: string): QemuRelease => (releaseOf(version) - 1) as QemuRelease;
const edges = names.flatMap((rule) => {
  const ranges: DatedRule['in'] = datedRules[rule].in;
  return ranges.map(({ since, until }) => ({ rule, since, until }));
});

describe('holds', () => {
  it.each(edges)('$rule holds from $since on, and not just before', ({ rule, since }) => {
    expect(holds(rule, releaseOf(since))).toBe(true);
    expect(holds(rule, before(since))).toBe(false);
  });

  it.each(edges.filter(({ until }) => until !== undefined))('$rule ends just before $until', ({ rule, until }) => {
    expect(holds(rule, releaseOf(until ?? ''))).toBe(false);
    expect(holds(rule, before(until ?? ''))).toBe(true);
  });

  it.each(edges.filter(({ until }) => until === undefined))('$rule holds to this day', ({ rule }) => {
    expect(holds(rule, releaseOf('999.999.999'))).toBe(true);
  });

  // Source: live runs of the three binaries
  it.each([
    {
      version: '7.2.22',
      held: ['vpIndexCheckedWithoutKvm', 'coresBeforeSockets'],
      not: ['htSupported', 'xsaveCutFirst', 'noUserspaceApic'],
    },
    {
      version: '10.0.13',
      held: ['htSupported', 'supervisorStateLost', 'fbClearFromImmunity'],
      not: ['archCapabilitiesNeedsSilicon', 'avx10VersionSetsFeatures'],
    },
    {
      version: '11.1.3',
      held: ['supervisorStateNeedsXsaves', 'physBitsUnlimited'],
      not: ['supervisorStateLost', 'vpIndexCheckedWithoutKvm'],
    },
  ] as const)('what $version does and does not', ({ version, held, not }) => {
    const release = releaseOf(version);
    expect(held.filter((rule) => !holds(rule, release))).toEqual([]);
    expect(not.filter((rule) => holds(rule, release))).toEqual([]);
  });
});

describe('datedRules', () => {
  it.each(names)('%s says where it is known from, in ranges that are in order and apart', (rule) => {
    const { in: ranges, source }: DatedRule = datedRules[rule];
    expect(source.length).toBeGreaterThan(5);
    const bounds = ranges.flatMap(({ since, until }) => [
      releaseOf(since),
      until === undefined ? Infinity : releaseOf(until),
    ]);
    expect([...bounds].sort((a, b) => a - b)).toEqual(bounds);
    expect(new Set(bounds).size).toBe(bounds.length);
  });
});
