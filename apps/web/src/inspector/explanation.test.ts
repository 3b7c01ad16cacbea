import type { FeatureVerdict, Resolution } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { groupByLayer, writeHeadline } from './explanation.ts';
import { writeMarkdown, writeText } from './write-explanation.ts';

const resolution: Resolution = {
  status: 'filtered',
  accel: 'kvm',
  machine: 'pc-q35-10.0',
  cpu: 'EPYC-Milan-v2',
  cpuModel: 'EPYC-Milan-v2',
  featureWords: [],
  filteredFeatures: [],
  msrFeatures: [],
  unavailableFeatures: ['vaes', 'pku'],
  warnings: ["warning: host doesn't support requested feature: CPUID.07H:ECX.vaes [bit 9]"],
  enforce: 'refuses',
  properties: {
    type: 'EPYC-Milan-v2-x86_64-cpu',
    level: 13,
    'min-level': 13,
    xlevel: 0x8000001e,
    'min-xlevel': 0x8000001e,
    xlevel2: 0,
    'min-xlevel2': 0,
    family: 25,
    model: 1,
    stepping: 1,
    vendor: 'AuthenticAMD',
    'model-id': 'AMD EPYC-Milan-v2 Processor',
    'phys-bits': 40,
    'guest-phys-bits': null,
    'host-phys-bits': false,
    'host-phys-bits-limit': 0,
    'ucode-rev': null,
    pmu: false,
  },
  level: 13,
  xlevel: 0x8000001e,
  xlevel2: 0,
  vendor: 'AuthenticAMD',
  family: 25,
  model: 1,
  stepping: 1,
  modelId: 'AMD EPYC-Milan-v2 Processor',
  levelRaises: [],
  unknowns: [],
  assumptions: [],
};

const enabled: FeatureVerdict = {
  name: 'sse2',
  bit: 'CPUID.01H:EDX[26]',
  state: 'enabled',
  requested: true,
  supported: 'yes',
};
const vaes: FeatureVerdict = {
  name: 'vaes',
  bit: 'CPUID.07H.0:ECX[9]',
  state: 'filtered',
  requested: true,
  supported: 'no',
  blocker: {
    layer: 'kernel',
    evidence: 'CPUID.07H.0:ECX[9]=1 on the host CPU, KVM offers 0',
    remedy: 'use kernel 5.18 or later',
  },
};
const pku: FeatureVerdict = {
  ...vaes,
  name: 'pku',
  bit: 'CPUID.07H.0:ECX[3]',
  blocker: {
    layer: 'hardware',
    evidence: 'CPUID.07H.0:ECX[3]=0 on the host CPU',
    remedy: 'choose another host | model',
  },
};
const features = [enabled, vaes, pku];

describe('writeHeadline', () => {
  it.each([
    [
      'filtered',
      {},
      features,
      'QEMU starts it, but leaves out 2 of the 3 features that it asks for: the CPU lacks 1, KVM withholds 1.',
    ],
    [
      'runnable',
      { status: 'runnable' },
      [enabled, enabled],
      'A guest gets the model as defined: all 2 features that it asks for.',
    ],
    [
      'an abort',
      { status: 'refused', refusal: { by: 'abort', message: 'm', remedy: 'r' } },
      features,
      'QEMU accepts it and then dies while it sets up the virtual CPU.',
    ],
    ['unknown', { status: 'unknown', unknowns: ['KVM was not seen'] }, [], 'This cannot be told: KVM was not seen.'],
  ] as const)('%s', (_name, change, verdicts, expected) => {
    expect(writeHeadline({ ...resolution, ...change }, verdicts)).toBe(expected);
  });
});

describe('groupByLayer', () => {
  const blocked = (name: string, bit: string, remedy: string): FeatureVerdict => ({
    ...vaes,
    name,
    bit,
    blocker: { layer: 'kernel', evidence: `${bit}=0 in what KVM offers`, remedy },
  });

  it('goes from silicon to guest', () => {
    expect(groupByLayer([vaes, pku]).map(({ layer, count }) => [layer, count])).toEqual([
      ['hardware', 1],
      ['kernel', 1],
    ]);
  });

  it('says once what is true of several features', () => {
    const features = [
      blocked('ss', 'CPUID.01H:EDX[27]', 'append ,-ss'),
      blocked('sse4.1', 'CPUID.01H:ECX[19]', 'append ,-sse4.1'),
    ];
    expect(groupByLayer(features)[0]?.alike).toEqual([
      { features, evidence: '<bit>=0 in what KVM offers', remedy: 'append ,-<feature>' },
    ]);
  });

  it('keeps apart what has another remedy, and names a single feature by its name', () => {
    const features = [
      blocked('svm', 'CPUID.80000001H:ECX[2]', 'load kvm_amd with nested=1'),
      blocked('ss', 'CPUID.01H:EDX[27]', 'append ,-ss'),
    ];
    expect(groupByLayer(features)[0]?.alike.map(({ evidence, remedy }) => [evidence, remedy])).toEqual([
      ['CPUID.80000001H:ECX[2]=0 in what KVM offers', 'load kvm_amd with nested=1'],
      ['CPUID.01H:EDX[27]=0 in what KVM offers', 'append ,-ss'],
    ]);
  });

  it('does not take part of a word for the name of a feature', () => {
    const features = [blocked('ss', 'CPUID.01H:EDX[27]', 'pass ,-ss'), blocked('ht', 'CPUID.01H:EDX[28]', 'pass ,-ht')];
    expect(groupByLayer(features)[0]?.alike[0]?.remedy).toBe('pass ,-<feature>');
  });
});

describe('what is copied', () => {
  const cell = {
    host: 'node-7',
    qemu: '10.0.13',
    snapshotTaken: '2026-11-22T13:00:00Z',
    commandLine: '-accel kvm -machine pc-q35-10.0 -cpu EPYC-Milan-v2',
    link: 'http://127.0.0.1:4280/matrix',
    resolution,
    features,
  };

  it('is plain text with evidence and remedy', () => {
    expect(writeText(cell)).toBe(`EPYC-Milan-v2 on pc-q35-10.0, kvm, host node-7, QEMU 10.0.13
QEMU starts it, but leaves out 2 of the 3 features that it asks for: the CPU lacks 1, KVM withholds 1.
enforce would refuse
-accel kvm -machine pc-q35-10.0 -cpu EPYC-Milan-v2

Filtered by hardware:
  pku (CPUID.07H.0:ECX[3])
    CPUID.07H.0:ECX[3]=0 on the host CPU
    -> choose another host | model

Filtered by kernel:
  vaes (CPUID.07H.0:ECX[9])
    CPUID.07H.0:ECX[9]=1 on the host CPU, KVM offers 0
    -> use kernel 5.18 or later

QEMU prints:
  warning: host doesn't support requested feature: CPUID.07H:ECX.vaes [bit 9]

Snapshot of 2026-11-22T13:00:00Z. http://127.0.0.1:4280/matrix
`);
  });

  it('is Markdown whose tables survive a bar in a text', () => {
    expect(writeMarkdown(cell)).toContain(
      '| `pku` | `CPUID.07H.0:ECX[3]` | hardware | CPUID.07H.0:ECX[3]=0 on the host CPU | choose another host \\| model |',
    );
  });
});
