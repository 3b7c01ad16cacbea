import { describe, expect, it } from 'vitest';
import { createContext } from '../resolve/context.ts';
import { explain } from '../resolve/explain.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { compareFeatures, definedFeatures, guestFeatures, offeredFeatures } from './compare-features.ts';
import type { ComparedSide, FeatureSide } from './compare-features.ts';

const sideOf = (presence: FeatureSide['presence']): FeatureSide => ({ presence, layer: null, reason: '' });
const side = (presences: Readonly<Record<string, FeatureSide['presence']>>): ComparedSide =>
  new Map(Object.entries(presences).map(([name, presence]) => [name, sideOf(presence)]));

describe('compareFeatures', () => {
  it.each([
    ['present and absent differ', 'present', 'absent', 'differing'],
    ['present twice is equal', 'present', 'present', 'equal'],
    ['absent twice is equal', 'absent', 'absent', 'equal'],
    ['unknown beside present is open, never equal', 'present', 'unknown', 'open'],
    ['unknown beside absent is open, never equal', 'absent', 'unknown', 'open'],
    ['unknown twice is open', 'unknown', 'unknown', 'open'],
  ] as const)('%s', (_, a, b, expected) => {
    const compared = compareFeatures([side({ avx2: a }), side({ avx2: b })]);
    expect(compared[expected].map(({ name }) => name)).toEqual(['avx2']);
    expect(compared.differing.length + compared.open.length + compared.equal.length).toBe(1);
  });

  it('a known difference stays one, whatever a third does not know', () => {
    const compared = compareFeatures([side({ pku: 'present' }), side({ pku: 'absent' }), side({ pku: 'unknown' })]);
    expect(compared.differing).toHaveLength(1);
  });

  it('a feature that one QEMU does not know is absent there, by that QEMU', () => {
    const { differing } = compareFeatures([side({ apxf: 'present' }), side({})]);
    expect(differing[0].sides[1]).toMatchObject({ presence: 'absent', layer: 'qemu' });
  });
});

describe('sides', () => {
  const index = shippedIndex('10.0.13');
  const explanation = explain(createContext(index, null), { accel: 'tcg', machine: 'q35', cpu: 'Skylake-Server-v4' });

  it('a guest lacks what is filtered, with the layer that withholds it', () => {
    expect(guestFeatures(explanation).get('avx512f')).toMatchObject({ presence: 'absent', layer: 'qemu' });
    expect(guestFeatures(explanation).get('avx2')).toMatchObject({ presence: 'present', layer: null });
  });

  it('an accelerator offers what it supports, asked for or not', () => {
    expect(offeredFeatures(explanation).get('sha-ni')?.presence).toBe('present');
    expect(guestFeatures(explanation).get('sha-ni')?.presence).toBe('absent');
  });

  it('what depends on the host is unknown', () => {
    expect(definedFeatures(['avx2'], null).get('avx2')?.presence).toBe('unknown');
    expect(definedFeatures(['avx2', 'pku'], ['pku']).get('avx2')?.presence).toBe('absent');
  });
});
