import { indexCatalog, listMachinesOf, modelSteps } from '@cpu-atlas/core';
import type { Catalog } from '@cpu-atlas/core';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listFamilies, listSpans, withoutProperties } from './model-spans.ts';

const file = new URL('../../../../../data/qemu/10.0.13/catalog.json', import.meta.url);
const index = indexCatalog((JSON.parse(readFileSync(file, 'utf8')) as { catalog: Catalog }).catalog);
const machines = listMachinesOf(index, 'kvm', 'EPYC').offered;
const steps = modelSteps(index, 'kvm', 'EPYC', 'pc-q35');

describe('the history of a model over machine types', () => {
  it('places each machine type of the family once, newest first', () => {
    const spans = listSpans(steps, { machines, family: 'pc-q35' });
    const placed = spans.flatMap((span) => span.machines);
    expect(placed[0]).toBe('pc-q35-10.0');
    expect(new Set(placed).size).toBe(placed.length);
    expect(placed.length).toBe(machines.filter((name) => name.startsWith('pc-q35-')).length);
    expect(spans.at(-1)?.difference).toBeNull();
  });

  it('says since when EPYC has topoext, when only feature bits count', () => {
    const spans = listSpans(withoutProperties(steps), { machines, family: 'pc-q35' });
    expect(spans.map(({ range }) => range)).toEqual(['4.0 … 10.0', '3.0, 3.1', '2.4 … 2.12']);
    expect(spans[1]?.difference?.gained.map(({ name }) => name)).toEqual(['topoext']);
  });

  it('is one span for a model that never changed', () => {
    expect(listSpans([], { machines: ['pc-q35-9.0', 'pc-q35-8.2'], family: 'pc-q35' })).toEqual([
      { range: '8.2, 9.0', machines: ['pc-q35-9.0', 'pc-q35-8.2'], difference: null },
    ]);
  });

  it('knows the families that have versions', () => {
    expect(listFamilies(['microvm', 'pc-q35-9.0', 'pc-q35-8.2', 'pc-i440fx-9.0'])).toEqual(['pc-q35', 'pc-i440fx']);
  });
});
