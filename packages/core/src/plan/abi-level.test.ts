import { describe, expect, it } from 'vitest';
import { createContext } from '../resolve/context.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { abiReach } from './abi-level.ts';
import { listNamedModels } from './baseline-model.ts';
import { judgePreset, listPresets } from './presets.ts';

const index = shippedIndex('10.0.13');
const request = { accel: 'kvm', machine: 'pc-q35-10.0' } as const;
const models = new Map(
  listNamedModels(createContext(index, null), request, null).map(({ name, requested }) => [name, requested]),
);
const hasOf = (model: string) => (feature: string) => models.get(model)?.has(feature) === true;

describe('abiReach, of what models ask for', () => {
  it.each<[string, number, string[]]>([
    ['486-v1', 0, ['cmov', 'cx8', 'fxsr', 'mmx', 'syscall', 'sse', 'sse2']],
    ['kvm32-v1', 0, ['syscall']],
    ['athlon-v1', 0, ['syscall']],
    ['qemu64-v1', 1, ['popcnt', 'sse4.1', 'sse4.2', 'ssse3']],
    ['Nehalem-v1', 2, ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe', 'xsave']],
    ['EPYC-v1', 3, ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl']],
    ['KnightsMill-v1', 3, ['avx512bw', 'avx512dq', 'avx512vl']],
    ['Skylake-Server-v1', 4, []],
  ])('%s is v%i', (model, level, nextLacks) => {
    const reach = abiReach(hasOf(model));
    expect(reach.level).toBe(level);
    expect(reach.short[0]?.lacks ?? []).toEqual(nextLacks);
  });
});

describe('presets', () => {
  it.each<[string, string, string[]]>([
    ['x86-64-v2', 'Nehalem-v1', []],
    ['x86-64-v2', 'qemu64-v1', ['popcnt', 'sse4.1', 'sse4.2', 'ssse3']],
    ['x86-64-v3', 'EPYC-v1', []],
    ['mongodb-5', 'SandyBridge-v1', []],
    ['mongodb-5', 'Westmere-v1', ['avx', 'xsave']],
    ['nested-kvm', 'Opteron_G3-v1', ['vmx or svm']],
    ['1gib-pages', 'Skylake-Server-v1', []],
    ['1gib-pages', 'Haswell-v1', ['pdpe1gb']],
    ['windows-11-24h2', 'qemu64-v1', ['sse4.2', 'popcnt']],
    ['windows-11-24h2', 'Haswell-v1', []],
    ['windows-11', 'EPYC-v1', []],
  ])('%s on %s lacks %j', (id, model, lacks) => {
    const preset = listPresets().find((each) => each.id === id);
    if (preset === undefined) throw new Error(`no preset ${id}`);
    expect(judgePreset(preset, hasOf(model))).toEqual({ id, isMet: lacks.length === 0, lacks });
  });
});
