import { indexCatalog } from '@cpu-atlas/core';
import type { Catalog } from '@cpu-atlas/core';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { filterModelRows, listModelRows } from './model-rows.ts';

const file = new URL('../../../../../data/qemu/10.0.13/catalog.json', import.meta.url);
const index = indexCatalog((JSON.parse(readFileSync(file, 'utf8')) as { catalog: Catalog }).catalog);
const rows = listModelRows(index, [
  { kind: 'cpu-model', name: 'EPYC-Genoa', since: '10.0.13', deprecatedSince: null, removedIn: null },
  { kind: 'cpu-model', name: 'EPYC', since: null, deprecatedSince: null, removedIn: null },
]);
const everything = { search: '', vendor: '', isUnfolded: true, showDeprecated: true } as const;

describe('the list of models', () => {
  it('has each model once', () => {
    expect(rows).toHaveLength(index.catalog.models.length);
  });

  it.each([
    ['EPYC-Milan', { vendor: 'AMD', abiLevel: 'x86-64-v3', standsFor: 'EPYC-Milan-v1', migrationSafe: 'yes' }],
    ['EPYC-Genoa', { abiLevel: 'x86-64-v4', since: '10.0.13' }],
    ['EPYC', { since: '' }],
    ['Conroe', { vendor: 'Intel', since: undefined }],
    ['host', { abiLevel: null, features: null, versions: [] }],
  ])('%s', (name, expected) => {
    expect(rows.find((row) => row.name === name)).toMatchObject(expected);
  });

  it('folds versions into one line, which any of their names finds', () => {
    const found = filterModelRows(rows, { ...everything, search: 'milan-v2', isUnfolded: false });
    expect(found.map(({ name }) => name)).toEqual(['EPYC-Milan']);
    const unfolded = filterModelRows(rows, { ...everything, search: 'EPYC-milan-v2' });
    expect(unfolded.map(({ name }) => name)).toEqual(['EPYC-Milan', 'EPYC-Milan-v2']);
  });

  it('leaves deprecated models out unless they are asked for', () => {
    const retired = rows.map((row) => (row.name === 'Conroe' ? { ...row, deprecated: true } : row));
    const namesOf = (showDeprecated: boolean) =>
      filterModelRows(retired, { ...everything, showDeprecated }).map(({ name }) => name);
    expect(namesOf(true)).toContain('Conroe');
    expect(namesOf(false)).not.toContain('Conroe');
  });

  it.each([
    ['only AMD', { ...everything, vendor: 'AMD' } as const, 'Conroe'],
    ['only what was searched for', { ...everything, search: 'skylake server' }, 'EPYC'],
  ])('leaves %s', (_, filter, gone) => {
    expect(filterModelRows(rows, filter).map(({ name }) => name)).not.toContain(gone);
    expect(filterModelRows(rows, filter).length).toBeGreaterThan(0);
  });
});
