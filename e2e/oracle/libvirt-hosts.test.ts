import { describe, expect, it } from 'vitest';
import { createContext, resolve, type HostSnapshot } from '@cpu-atlas/core';
import { tally } from '../testing/tally.ts';
import { shippedIndex } from './catalogs.ts';
import { differingLists } from './compare.ts';
import { hasOracle, readOracle } from './oracle-files.ts';

type Properties = Readonly<Record<string, boolean | number | string>>;

interface RecordedLibvirtHost {
  readonly host: { readonly booleans: Properties; readonly numbers?: Properties; readonly strings?: Properties };
  readonly definitions: Readonly<Record<string, { readonly unavailableFeatures: readonly string[] }>>;
}

/**
 * Real hosts whose QEMU listed its models. The records carry no version; `build` is what the record's own notes infer
 * from the models and properties it has, `machine` the machine type whose definitions that build had by default.
 */
const hosts: readonly { readonly name: string; readonly build: string; readonly machine: string }[] = [
  { name: 'Atom-P5362', build: '5.1.0', machine: 'pc-i440fx-3.1' },
  { name: 'Cooperlake', build: '5.0.0', machine: 'pc-i440fx-5.0' },
  { name: 'Core-i5-2540M', build: '2.9.0', machine: 'pc-i440fx-2.9' },
  { name: 'Core-i7-2600', build: '2.9.0', machine: 'pc-i440fx-2.9' },
  { name: 'Core-i7-2600-xsaveopt', build: '2.9.0', machine: 'pc-i440fx-2.9' },
  { name: 'Core-i7-5600U-ibrs', build: '2.11.0', machine: 'pc-i440fx-2.11' },
  { name: 'Core-i7-7600U', build: '3.1.0', machine: 'pc-i440fx-3.1' },
  { name: 'Core-i7-8700', build: '2.12.0', machine: 'pc-i440fx-2.12' },
  { name: 'EPYC-7601-32-Core-ibpb', build: '2.11.0', machine: 'pc-i440fx-2.11' },
  { name: 'Ryzen-9-3900X-12-Core', build: '5.1.0', machine: 'pc-i440fx-5.1' },
  { name: 'Xeon-E3-1245-v5', build: '2.11.0', machine: 'pc-i440fx-2.11' },
  { name: 'Xeon-E5-2609-v3', build: '2.11.0', machine: 'pc-i440fx-2.11' },
  { name: 'Xeon-E5-2623-v4', build: '2.11.0', machine: 'pc-i440fx-2.11' },
  { name: 'Xeon-E7-4830', build: '2.9.0', machine: 'pc-i440fx-2.9' },
  { name: 'Xeon-E7540', build: '2.12.0', machine: 'pc-i440fx-2.12' },
  { name: 'Xeon-Gold-5115', build: '2.11.0', machine: 'pc-i440fx-2.11' },
  { name: 'Xeon-Platinum-9242', build: '4.2.0', machine: 'pc-i440fx-3.1' },
];

/** Answers that cannot be reproduced. An entry that no longer differs fails the test. */
const knownMismatches: Readonly<Record<string, string>> = {
  'Atom-P5362 Skylake-Server': 'RHEL build: its 3.1-like compat lacks the pku line of the upstream machine type',
  'Atom-P5362 Skylake-Server-IBRS': 'RHEL build: its 3.1-like compat lacks the pku line of the upstream machine type',
  'Core-i7-2600-xsaveopt Skylake-Client': 'the record is altered by hand: xsaveopt stands last in its list',
  'Core-i7-7600U Cascadelake-Server':
    'QEMU 3.1.0 itself: intel-pt was taken out of the definition in place, before 4.0',
  'Core-i7-7600U Icelake-Server': 'QEMU 3.1.0 itself: intel-pt and pconfig were taken out of the definition in place',
  'Ryzen-9-3900X-12-Core EPYC-Rome':
    'the record mixes two builds: its expansion has no amd-stibp, its definitions need it',
  'Ryzen-9-3900X-12-Core EPYC-Rome-v1':
    'the record mixes two builds: its expansion has no amd-stibp, its definitions need it',
  'Ryzen-9-3900X-12-Core Icelake-Server-v4':
    'the record mixes two builds: its expansion has no fsrm, its definitions report it',
};

function compareHost({ name, build, machine }: (typeof hosts)[number]): {
  compared: number;
  differing: Map<string, string>;
  leftOut: number;
} {
  const { host, definitions } = readOracle<RecordedLibvirtHost>('libvirt', 'qemu', `${name}.json`);
  const observed = { kvm: { host: { ...host.booleans, ...host.numbers, ...host.strings } } };
  const snapshot: HostSnapshot = {
    schema: 'cpu-atlas/host-snapshot/1',
    host: { id: name, name },
    collectedAt: '2026-11-01T00:00:00Z',
    collector: 'oracle',
    qemu: [{ path: 'qemu-system-x86_64', version: build, observed }],
  };
  const index = shippedIndex('7.2.22', build);
  const context = createContext(index, snapshot);
  const differing = new Map<string, string>();
  let compared = 0;
  for (const [model, { unavailableFeatures }] of Object.entries(definitions)) {
    if (['host', 'max', 'base'].includes(model) || !index.modelByName.has(model)) continue;
    compared += 1;
    const resolution = resolve(context, { accel: 'kvm', machine, cpu: model });
    const differences = [
      ...differingLists('unavailable', resolution.unavailableFeatures, unavailableFeatures),
      ...resolution.unknowns,
    ];
    if (differences.length > 0) differing.set(`${name} ${model}`, differences.join('; '));
  }
  return { compared, differing, leftOut: Object.keys(definitions).length - compared };
}

describe.skipIf(!hasOracle)(
  'real hosts from Sandy Bridge to Cooper Lake, known from QEMU only (skipped without ../shared/oracle)',
  () => {
    it.each(hosts)('$name: every definition is equal, but for the known mismatches', (host) => {
      const { compared, differing, leftOut } = compareHost(host);
      const known = [...differing.keys()].filter((label) => knownMismatches[label] !== undefined).length;
      const why = 'models that no shipped catalog has; host, max and base';
      const where = { of: `QEMU ${host.build}`, accel: 'kvm', host: host.name, what: 'definitions' } as const;
      tally({ ...where, compared, different: differing.size, known, leftOut: { count: leftOut, why } });
      expect(compared).toBeGreaterThan(25);
      expect([...differing].filter(([label]) => knownMismatches[label] === undefined)).toEqual([]);
      const expected = Object.keys(knownMismatches).filter((label) => label.startsWith(`${host.name} `));
      expect(
        expected.filter((label) => !differing.has(label)),
        'these known mismatches are gone: remove them',
      ).toEqual([]);
    });
  },
);
