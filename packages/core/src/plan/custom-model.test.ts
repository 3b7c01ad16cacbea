import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AtlasError } from '../errors.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { recordedHost } from '../testing/plan-fleets.ts';
import { checkCustomModel, cpuArgumentOf, resolveCustomModel, type CustomModel } from './custom-model.ts';
import { formatProxmoxModels, parseCpudefModels, parseProxmoxModels } from './custom-model-files.ts';

const index = shippedIndex('10.0.13');

const conf = `# two models
cpu-model: avx-less
    flags -avx;-avx2
    hidden 0
    reported-model EPYC

cpu-model: hidden-host
\tflags +aes;+pdpe1gb
\thidden 1
\thv-vendor-id proxmox
\tphys-bits host
\treported-model host
`;

const avxLess: CustomModel = {
  name: 'avx-less',
  base: 'EPYC',
  features: [
    { name: 'avx', isOn: false },
    { name: 'avx2', isOn: false },
  ],
  properties: [],
};

function caught(run: () => unknown): AtlasError {
  try {
    run();
  } catch (error) {
    if (error instanceof AtlasError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parseProxmoxModels', () => {
  it('reads models with their flags, hidden KVM and address bits', () => {
    const [first, second] = parseProxmoxModels(conf);
    expect(first).toEqual(avxLess);
    expect(second).toEqual({
      name: 'hidden-host',
      base: 'host',
      features: [
        { name: 'aes', isOn: true },
        { name: 'pdpe1gb', isOn: true },
      ],
      properties: [
        { name: 'kvm', value: 'off' },
        { name: 'hv-vendor-id', value: 'proxmox' },
        { name: 'host-phys-bits', value: 'on' },
      ],
    });
  });

  it('what is written is read back the same', () => {
    const models = parseProxmoxModels(conf);
    const { text, leftOut } = formatProxmoxModels(models);
    expect(parseProxmoxModels(text)).toEqual(models);
    expect(leftOut).toEqual([]);
  });

  it('says what Proxmox has no key for', () => {
    const { leftOut } = formatProxmoxModels([{ ...avxLess, properties: [{ name: 'level', value: '13' }] }]);
    expect(leftOut).toEqual(['avx-less: level=13']);
  });

  it.each<[string, string, string]>([
    ['a key before any model', '    flags +aes\n', 'line 1'],
    ['an unknown key', 'cpu-model: a\n    colour red\n', 'line 2'],
    ['a flag without a sign', 'cpu-model: a\n    flags aes\n', 'line 2'],
    ['a model twice', 'cpu-model: a\ncpu-model: a\n', 'line 2'],
    ['a value that would begin another option', 'cpu-model: a\n    hv-vendor-id x,enforce=off\n', 'line 2'],
  ])('refuses %s and names the line', (_, text, where) => {
    expect(caught(() => parseProxmoxModels(text))).toMatchObject({ code: 'CPU_MODELS_INVALID', where });
  });

  it('never fails otherwise, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'cpu-model: flags+;\n \t#a1='), maxLength: 200 }), (text) => {
        for (const parse of [parseProxmoxModels, parseCpudefModels])
          try {
            expect(Array.isArray(parse(text))).toBe(true);
          } catch (error) {
            expect(error).toMatchObject({ code: 'CPU_MODELS_INVALID' });
          }
      }),
      { seed: 7 },
    );
  });
});

describe('parseCpudefModels', () => {
  const text = `[cpudef]
   name = "Conroe"
   level = "2"
   vendor = "GenuineIntel"
   family = "6"
   model = "2"
   feature_edx = "sse2 sse fxsr"
   extfeature_edx = "nx lm"
   xlevel = "0x8000000A"
   model_id = "Intel Celeron_4x0 (Conroe/Merom Class Core 2)"
`;
  it('makes of each section a model on base', () => {
    const [model] = parseCpudefModels(text);
    expect(model).toMatchObject({ name: 'Conroe', base: 'base' });
    expect(cpuArgumentOf(model)).toMatch(
      /^base,sse2=on,sse=on,fxsr=on,nx=on,lm=on,level=2,vendor=GenuineIntel,family=6/,
    );
  });

  it('resolves like any other CPU', () => {
    const [model] = parseCpudefModels(text);
    const host = recordedHost('lab-max-6.1', index);
    if ('unseen' in host.context) throw new Error('unseen');
    const answer = resolveCustomModel(host.context, { ...model, name: 'my-conroe' }, { accel: 'kvm', machine: 'q35' });
    expect(answer).toMatchObject({ kind: 'resolved', resolution: { status: 'runnable', family: 6 } });
  });

  it.each([
    ['a model without a name', '[cpudef]\nlevel = "2"\n', 'line 1'],
    ['an unknown key', '[cpudef]\nname = "a"\ncolour = "red"\n', 'line 3'],
  ])('refuses %s', (_, broken, where) => {
    expect(caught(() => parseCpudefModels(broken))).toMatchObject({ code: 'CPU_MODELS_INVALID', where });
  });
});

describe('custom models', () => {
  it('expand to the argument of -cpu, the last word on a feature winning', () => {
    const features = [...avxLess.features, { name: 'avx', isOn: true }];
    expect(cpuArgumentOf({ ...avxLess, features })).toBe('EPYC,avx=on,avx2=off');
  });

  it.each<[string, Partial<CustomModel>, string]>([
    ['a name that QEMU has itself', { name: 'EPYC' }, 'name'],
    ['a name with a comma', { name: 'a,b' }, 'name'],
    ['an unknown base', { base: 'EPYC-Nowhere' }, 'base-unknown'],
    ['an unknown feature', { features: [{ name: 'avx1024', isOn: true }] }, 'feature-unknown'],
    ['an unknown property', { properties: [{ name: 'colour', value: 'red' }] }, 'property-unknown'],
  ])('are refused for %s', (_, change, kind) => {
    expect(checkCustomModel(index, { ...avxLess, ...change }).map((finding) => finding.kind)).toEqual([kind]);
  });

  it('resolve on a host under their expansion', () => {
    const host = recordedHost('lab-forced-milan-6.1', index);
    if ('unseen' in host.context) throw new Error('unseen');
    const answer = resolveCustomModel(host.context, avxLess, { accel: 'kvm', machine: 'q35' });
    if (answer.kind !== 'resolved') throw new Error(JSON.stringify(answer));
    expect(answer.cpu).toBe('EPYC,avx=off,avx2=off');
    expect(answer.resolution.unavailableFeatures).not.toContain('avx');
  });

  it('say what value QEMU does not take', () => {
    const host = recordedHost('lab-max-6.1', index);
    if ('unseen' in host.context) throw new Error('unseen');
    const properties = [{ name: 'family', value: 'many' }];
    const answer = resolveCustomModel(host.context, { ...avxLess, properties }, { accel: 'kvm', machine: 'q35' });
    expect(answer).toMatchObject({ kind: 'invalid', findings: [{ kind: 'property-refused' }] });
  });
});
