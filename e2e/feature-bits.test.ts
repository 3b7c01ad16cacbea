/**
 * Checks `data/x86` against real QEMU binaries: each name is switched on and the word that changes is read, each bit
 * that changes is traced back to its name, and QEMU's dependencies are replayed.
 *
 * The binaries are those of CPU_ATLAS_QEMUS (paths, separated by colons), else the `qemu-system-x86_64` of PATH.
 */

import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  dependencyRecords,
  featureRecords,
  wordRecords,
  type DependencyRecord,
  type FeatureRecord,
} from '../packages/core/src/x86/feature-table.ts';
import { keyOfWord, observe, observeEach, sortBits, type FeatureWord } from './observed-bits.ts';
import { askQemu, getCpuProperty, listCpuProperties } from './paused-qemu.ts';
import { opensKvm } from './testing/opens-kvm.ts';

const timeLimitMs = 60_000;

/** Boolean properties of a CPU that are known to be no feature bits; any other unknown one is tried. */
const notBits =
  /^(check|enforce|hot\w+|realized|start-powered-off|kvm|pmu|lmce|l3-cache|legacy-\S+|host-\S+|fill-mtrr-mask|tcg-cpuid|cpuid-0xb|full-cpuid-auto-level|vmware-cpuid-freq|kvm-no-smi-migration|kvm-pv-enforce-cpuid|xen-vapic|migratable|(x-|hv-)\S+)$/;

const binaries = (process.env['CPU_ATLAS_QEMUS'] || 'qemu-system-x86_64').split(':').filter((path) => path !== '');
const kvmWorks = opensKvm();

describe.each(binaries)('feature bits of %s', (binary) => {
  const version = readVersion(binary);
  const known = featureRecords().filter((record) => covers(record.since, version));
  const named = known.filter((record) => record.name !== null);
  let properties: ReadonlySet<string>;

  beforeAll(async () => {
    if (version === null) return;
    const { returns } = await askQemu({ binary, accel: 'tcg', cpu: 'base' }, [listCpuProperties]);
    const list = returns[0] as readonly { name: string; type: string }[];
    properties = new Set(list.flatMap(({ name, type }) => (type === 'bool' ? [name] : [])));
  });

  const itHere = it.skipIf(version === null);
  const reason = version === null ? ' (skipped: this QEMU does not start)' : '';

  itHere(`has every name and alias that data/x86 claims for it${reason}`, () => {
    const claimed = named.flatMap((record) => [record.name ?? '', ...record.aliases]);
    expect(claimed.filter((name) => !properties.has(name))).toEqual([]);
  });

  itHere(`has no bit property that data/x86 lacks${reason}`, { timeout: timeLimitMs }, async () => {
    const recorded = new Set(featureRecords().flatMap((record) => [record.name, ...record.aliases]));
    const unknown = [...properties].filter((name) => !recorded.has(name) && !notBits.test(name));
    const bits: string[] = [];
    for (const name of unknown) {
      if ((await observe({ binary, names: [name] })).size > 0) bits.push(name);
    }
    expect(bits).toEqual([]);
  });

  itHere(`lists its words in the order of data/x86${reason}`, async () => {
    const { returns } = await askQemu({ binary, accel: 'tcg', cpu: 'base' }, [getCpuProperty('feature-words')]);
    const own = (returns[0] as readonly FeatureWord[]).map(keyOfWord).reverse();
    const expected = wordRecords().filter((word) => word.spec.kind === 'cpuid' && covers(word.since, version));
    expect(own).toEqual(expected.map((word) => word.key));
  });

  itHere(`names unavailable features in the order of data/x86, MSR words among them${reason}`, async () => {
    // Without arch-capabilities the bits of its MSR are unavailable even where TCG knows them.
    const names = named.flatMap(ownName).filter((name) => !['arch-capabilities', 'apxf'].includes(name));
    const cpu = `base,pmu=on,${names.map((name) => `${name}=on`).join(',')}`;
    const { returns } = await askQemu({ binary, accel: 'tcg', cpu }, [getCpuProperty('unavailable-features')]);
    // QEMU 7.2 lists the nameless bit of arch-lbr in the XSS word as an empty string.
    const own = [...new Set(returns[0] as readonly string[])].filter((name) => name !== '');
    const inOrder = named.flatMap(ownName).filter((name) => own.includes(name));
    expect(own).toEqual([...new Set(inOrder)]);
    expect(own).toContain('mds-no');
  });

  const groups = [
    { what: 'CPUID names', accel: 'tcg', pick: (r: FeatureRecord) => !isMsr(r) && !isKvm(r), namesOf: ownName },
    { what: 'MSR names', accel: 'tcg', pick: isMsr, namesOf: ownName },
    { what: 'first aliases', accel: 'tcg', pick: (r: FeatureRecord) => !isKvm(r), namesOf: firstAlias },
    { what: 'second aliases', accel: 'tcg', pick: (r: FeatureRecord) => !isKvm(r), namesOf: secondAlias },
    { what: 'KVM names', accel: 'kvm', pick: isKvm, namesOf: ownName },
    { what: 'KVM aliases', accel: 'kvm', pick: isKvm, namesOf: firstAlias },
  ] as const;
  for (const { what, accel, pick, namesOf } of groups) {
    const needsKvm = accel === 'kvm' && !kvmWorks;
    const note = needsKvm ? ' (skipped: /dev/kvm cannot be opened, and TCG drops KVM bits silently)' : reason;
    const title = `switches exactly the bits of data/x86: ${what}${note}`;
    it.skipIf(version === null || needsKvm)(title, { timeout: timeLimitMs }, async () => {
      const expected = new Map<string, readonly string[]>();
      for (const record of named.filter(pick)) {
        for (const name of namesOf(record)) expected.set(name, [...(expected.get(name) ?? []), bitOf(record)]);
      }
      expect(await observeEach({ binary, accel, names: [...expected.keys()] })).toEqual(sortBits(expected));
    });
  }

  itHere(`sets computed bits for the features that data/x86 names${reason}`, { timeout: timeLimitMs }, async () => {
    const followers = known.filter((record) => record.followsFeatures.length > 0);
    const all = new Set(followers.flatMap((record) => record.followsFeatures));
    // xsave is always on here; apxf is left out, as QEMU takes mpx away beside it.
    const names = [...all].filter((name) => !['xsave', 'apxf'].includes(name) && properties.has(name));
    const seen = await observe({ binary, names, fixed: ['vendor=AuthenticAMD', 'xsave=on'] });
    const wrong: string[] = [];
    for (const record of followers) {
      const by = seen.get(bitOf(record));
      if (by !== undefined && !record.followsFeatures.includes(by)) wrong.push(`${bitOf(record)} by ${by}`);
    }
    expect(wrong).toEqual([]);
    expect(seen.get('d.0.EAX/2')).toBe('avx');
    expect(seen.get('80000001.EDX/8')).toBe('cx8');
  });

  itHere(`clears what data/x86 says when a feature is missing${reason}`, { timeout: timeLimitMs }, async () => {
    const rules = dependencyRecords().filter((rule) => covers(rule.since, version));
    const names = [...new Set(named.filter((record) => !isKvm(record)).map((record) => record.name ?? ''))];
    for (const left of names.includes('apxf') ? ['mpx', 'apxf'] : ['mpx']) {
      const on = names.filter((name) => name === left || !['mpx', 'apxf'].includes(name));
      const missing = left === 'apxf' ? [[], ['apxf']] : groupForExpansion(on, rules);
      const asked = missing.map((group) => on.filter((name) => !group.includes(name)));
      const answers = await expand(binary, names, asked);
      const differing = answers.flatMap((enabled, index) => {
        const wrong = difference(enabled, applyDependencies(asked[index], named, rules));
        return wrong === '' ? [] : [`without ${missing[index]}: ${wrong}`];
      });
      expect(differing).toEqual([]);
    }
  });
});

function ownName(record: FeatureRecord): readonly string[] {
  return record.name === null ? [] : [record.name];
}

function firstAlias(record: FeatureRecord): readonly string[] {
  return record.aliases.slice(0, 1);
}

function secondAlias(record: FeatureRecord): readonly string[] {
  return record.aliases.slice(1, 2);
}

function bitOf(record: FeatureRecord): string {
  return `${record.word}/${record.bit}`;
}

function isMsr(record: FeatureRecord): boolean {
  return record.word.startsWith('msr.');
}

/** TCG clears this word without a word, so only KVM can show it. */
function isKvm(record: FeatureRecord): boolean {
  return record.word === '40000001.EAX';
}

/** The names that are on when `asked` are switched on and all others off, before filtering. One answer a request. */
async function expand(
  binary: string,
  names: readonly string[],
  asked: readonly (readonly string[])[],
): Promise<readonly ReadonlySet<string>[]> {
  const commands = asked.map((on) => {
    const wanted = new Set(on);
    const props = { pmu: true, ...Object.fromEntries(names.map((name) => [name, wanted.has(name)])) };
    return { execute: 'query-cpu-model-expansion', arguments: { type: 'full', model: { name: 'base', props } } };
  });
  const { returns } = await askQemu({ binary, accel: 'tcg', cpu: 'base' }, commands);
  return returns.map((answer) => {
    const { props } = (answer as { model: { props: Readonly<Record<string, unknown>> } }).model;
    return new Set(names.filter((name) => props[name] === true));
  });
}

/** What to leave out at a time: each parent of a rule alone; the others by the score, as none should change anything. */
function groupForExpansion(
  names: readonly string[],
  rules: readonly DependencyRecord[],
): readonly (readonly string[])[] {
  const parents = new Set(rules.flatMap((rule) => rule.whenMissing));
  const others = names.filter((name) => !parents.has(name));
  const scores = Array.from({ length: Math.ceil(others.length / 20) }, (_, i) => others.slice(i * 20, i * 20 + 20));
  return [[], ...names.filter((name) => parents.has(name)).map((name) => [name]), ...scores];
}

/** The names that are left when QEMU's dependencies are applied to `asked`, in the order of the rules. */
function applyDependencies(
  asked: readonly string[],
  records: readonly FeatureRecord[],
  rules: readonly DependencyRecord[],
): ReadonlySet<string> {
  const left = new Set(asked);
  for (const rule of rules) {
    if (rule.whenMissing.some((name) => left.has(name))) continue;
    for (const { word, bit, name } of records) {
      if (word === rule.word && (rule.mask >> BigInt(bit)) & 1n) left.delete(name ?? '');
    }
  }
  return left;
}

function difference(own: ReadonlySet<string>, expected: ReadonlySet<string>): string {
  const more = [...own].filter((name) => !expected.has(name)).map((name) => `+${name}`);
  const less = [...expected].filter((name) => !own.has(name)).map((name) => `-${name}`);
  return [...more, ...less].join(' ');
}

/** Whether a release has what was first seen in release `since`; everything from 7.2 on has what has no `since`. */
function covers(since: string | null, version: readonly [number, number] | null): boolean {
  if (since === null || version === null) return true;
  const [major, minor] = since.split('.').map(Number);
  return version[0] > major || (version[0] === major && version[1] >= minor);
}

function readVersion(binary: string): readonly [number, number] | null {
  try {
    const text = execFileSync(binary, ['--version'], { encoding: 'utf8', timeout: 10_000 });
    const match = /version (\d+)\.(\d+)/.exec(text);
    return match === null ? null : [Number(match[1]), Number(match[2])];
  } catch {
    return null;
  }
}
