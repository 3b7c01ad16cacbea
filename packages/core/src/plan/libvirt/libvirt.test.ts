import { describe, expect, it } from 'vitest';
import { AtlasError } from '../../errors.ts';
import { shippedIndex } from '../../testing/catalogs.ts';
import { shippedCpuMap } from '../../testing/libvirt-maps.ts';
import { recordedHost } from '../../testing/plan-fleets.ts';
import { baselineCpus } from './baseline-cpus.ts';
import { compareCpus } from './compare-cpus.ts';
import { indexCpuMap, type LibvirtCpuMap } from './cpu-map.ts';
import type { LibvirtCpu, LibvirtCpuFeature } from './cpu-definition.ts';
import { decodeCpu, type DecodeInput } from './decode-cpu.ts';
import { compareStart, describeHost } from './host-view.ts';
import { libvirtNameOf } from './observed-bits.ts';

const [old, recent] = [shippedCpuMap('9.0.0'), shippedCpuMap('11.3.0')];
const catalog = shippedIndex('10.0.13');
const request = { accel: 'kvm', machine: 'pc-q35-10.0' } as const;

const host = (model: string, features: readonly string[] = [], vendor?: string): LibvirtCpu => ({
  kind: 'host',
  model,
  ...(vendor === undefined ? {} : { vendor }),
  features: features.map((name) => ({ name })),
});
const guest = (
  model: string,
  features: readonly LibvirtCpuFeature[] = [],
  more: Partial<LibvirtCpu> = {},
): LibvirtCpu => ({
  kind: 'guest',
  match: 'exact',
  model,
  features,
  ...more,
});

function contextOf(name: string) {
  const { context } = recordedHost(name, catalog);
  if ('unseen' in context) throw new Error('unseen');
  return context;
}

describe('compareCpus', () => {
  it.each<[string, LibvirtCpu, string]>([
    ['the very same', guest('Penryn'), 'identical'],
    ['less', guest('Conroe'), 'superset'],
    ['less, of a strict match', guest('Conroe', [], { match: 'strict' }), 'incompatible'],
    ['more', guest('Nehalem'), 'incompatible'],
    ['a feature that it lacks', guest('Penryn', [{ name: 'avx', policy: 'require' }]), 'incompatible'],
    ['a feature that it lacks, by force', guest('Penryn', [{ name: 'avx', policy: 'force' }]), 'identical'],
    ['a feature that it lacks, perhaps', guest('Penryn', [{ name: 'avx', policy: 'optional' }]), 'identical'],
    ['without a feature that it has', guest('Penryn', [{ name: 'sse4.1', policy: 'forbid' }]), 'incompatible'],
    ['another vendor', guest('Penryn', [], { vendor: 'AMD' }), 'incompatible'],
    ['another architecture', guest('Penryn', [], { arch: 'ppc64' }), 'incompatible'],
    ['an unknown model', guest('Penrun'), 'error'],
    ['an unknown feature', guest('Penryn', [{ name: 'avx1024', policy: 'require' }]), 'error'],
  ])('a Penryn host, asked for %s', (_, cpu, outcome) => {
    expect(compareCpus(old, host('Penryn', [], 'Intel'), cpu).outcome).toBe(outcome);
  });

  it('names what is missing', () => {
    expect(compareCpus(old, host('Penryn'), guest('Nehalem')).missing).toEqual(['sse4.2', 'popcnt']);
  });
});

describe('baselineCpus', () => {
  it('is what all have, described by the closest model', () => {
    const answer = baselineCpus(recent, [host('Nehalem', [], 'Intel'), host('Penryn', [], 'Intel')]);
    expect(answer).toMatchObject({ outcome: 'ok', cpu: { model: 'Penryn', vendor: 'Intel', fallback: 'allow' } });
  });

  it.each<[string, LibvirtCpu[]]>([
    ['two vendors', [host('Penryn', [], 'Intel'), host('Opteron_G3', [], 'AMD')]],
    ['no CPU', []],
    ['an unknown model', [host('Penrun')]],
  ])('is an error for %s', (_, cpus) => {
    expect(baselineCpus(recent, cpus).outcome).toBe('error');
  });
});

describe('decodeCpu', () => {
  const haswell = old.modelByName.get('Haswell')?.bits ?? 0n;
  const input = (more: Partial<DecodeInput>): DecodeInput => ({
    kind: 'guest',
    bits: haswell,
    vendor: 'Intel',
    signature: null,
    offered: null,
    preferred: [],
    migratable: false,
    fallback: 'allow',
    ...more,
  });
  const chosen = (more: Partial<DecodeInput>): string => {
    const answer = decodeCpu(old, input(more));
    return answer.outcome === 'ok' ? answer.cpu.model : answer.reason;
  };

  it.each<[string, Partial<DecodeInput>, string]>([
    ['a Haswell whose TSX works', { signature: { family: 6, model: 63, stepping: 4 } }, 'Haswell'],
    ['a Haswell whose TSX does not', { signature: { family: 6, model: 63, stepping: 2 } }, 'Haswell-noTSX'],
    ['one whose hypervisor lacks the model', { offered: [{ name: 'Westmere', blockers: [] }] }, 'Westmere'],
    ['one of which the input named the model', { preferred: ['Westmere'] }, 'Westmere'],
    [
      'one whose named model the hypervisor lacks',
      { preferred: ['Haswell'], offered: [], fallback: 'forbid' },
      'the hypervisor has no CPU model Haswell',
    ],
    ['one without any model', { offered: [] }, 'no model of libvirt fits'],
  ])('%s', (_, more, model) => {
    expect(chosen(more)).toBe(model);
  });

  it('tells whose way of scoring it followed', () => {
    expect(decodeCpu(old, input({}))).toMatchObject({ scoredAs: '9.0.0', score: 0 });
    expect(decodeCpu(recent, input({ bits: 0n }))).toMatchObject({ scoredAs: '11.3.0' });
  });
});

describe('a host as libvirt sees it', () => {
  it('is described by the closest model', () => {
    expect(describeHost(recent, contextOf('xeon-gold-6148'), request)).toMatchObject({
      outcome: 'ok',
      cpu: { model: 'Skylake-Server', vendor: 'Intel' },
    });
  });

  it('is unknown where its KVM was not seen', () => {
    expect(describeHost(recent, contextOf('fx-8150'), request).outcome).toBe('unknown');
  });

  it('agrees with QEMU on a model that runs', () => {
    const answer = compareStart(recent, contextOf('xeon-e5-2609-v3'), { ...request, model: 'Haswell-v4' });
    expect(answer).toMatchObject({ usability: { usable: 'yes' }, qemu: 'starts', enforce: 'starts' });
    expect(answer.differences).toEqual([]);
  });

  it('names the bit for which a model is not usable, although QEMU starts', () => {
    const answer = compareStart(recent, contextOf('xeon-gold-6148'), { ...request, model: 'Skylake-Server-v1' });
    expect(answer).toMatchObject({
      usability: { usable: 'no', blockers: ['pku'] },
      qemu: 'starts',
      enforce: 'refuses',
    });
    expect(answer.differences).toEqual(['libvirt calls it unusable for pku; QEMU starts without it']);
  });
});

describe('the map', () => {
  it.each([
    ['pni', 'pni'],
    ['sse4.1', 'sse4.1'],
    ['pclmulqdq', 'pclmuldq'],
    ['lahf-lm', 'lahf_lm'],
    ['no-such-feature', null],
  ])('libvirt calls %s %s', (qemu, libvirt) => {
    expect(libvirtNameOf(recent, qemu)).toBe(libvirt);
  });

  const empty: LibvirtCpuMap = {
    schema: 'cpu-atlas/libvirt-cpu-map/1',
    release: '1.0.0',
    source: 'made for a test',
    vendors: [],
    features: [],
    models: [],
  };
  const model = { name: 'a', features: [], decode: { host: true, guest: true } };
  it.each<[string, Partial<LibvirtCpuMap>]>([
    ['an unknown feature', { models: [{ ...model, features: ['x'] }] }],
    ['an unknown vendor', { models: [{ ...model, vendor: 'x' }] }],
    [
      'an ancestor that comes later',
      {
        models: [
          { ...model, ancestor: 'b' },
          { ...model, name: 'b' },
        ],
      },
    ],
    ['a model twice', { models: [model, model] }],
  ])('is refused for %s', (_, more) => {
    expect(() => indexCpuMap({ ...empty, ...more })).toThrow(AtlasError);
  });
});
