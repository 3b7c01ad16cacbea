import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseStoreUrl, type StorePlace } from './store-url.ts';

const postgresql = (connectionString: string, shown: string, listens = true): StorePlace => ({
  engine: 'postgresql',
  connectionString,
  shown,
  listens,
});

const accepted: readonly (readonly [string, StorePlace])[] = [
  ['/var/lib/cpu-atlas/atlas.db', { engine: 'sqlite', path: '/var/lib/cpu-atlas/atlas.db' }],
  ['atlas.db', { engine: 'sqlite', path: resolve('atlas.db') }],
  ['file:/var/lib/atlas.db', { engine: 'sqlite', path: '/var/lib/atlas.db' }],
  ['file:///var/lib/atlas.db', { engine: 'sqlite', path: '/var/lib/atlas.db' }],
  ['file:/with%20blank', { engine: 'sqlite', path: '/with blank' }],
  ['file:atlas.db', { engine: 'sqlite', path: resolve('atlas.db') }],
  ['postgres://u:secret@db:6543/fleet', postgresql('postgres://u:secret@db:6543/fleet', 'db:6543/fleet')],
  ['postgresql://u@db/fleet', postgresql('postgresql://u@db/fleet', 'db:5432/fleet')],
  ['postgresql://u@db/fleet?atlas_listen=off', postgresql('postgresql://u@db/fleet', 'db:5432/fleet', false)],
  ['postgresql://u@db/f?atlas_listen=on&a=1', postgresql('postgresql://u@db/f?a=1', 'db:5432/f')],
  ['postgresql://u@db/f?a=1&atlas_listen=off', postgresql('postgresql://u@db/f?a=1', 'db:5432/f', false)],
  [
    'postgresql://u@/fleet?host=/run/postgresql',
    postgresql('postgresql://u@/fleet?host=/run/postgresql', '/run/postgresql:5432/fleet'),
  ],
];

const refused: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['memory, which would forget', ':memory:'],
  ['another engine', 'mysql://u:secret@db/fleet'],
  ['a remote libsql', 'libsql://u:secret@db'],
  ['a file of another machine', 'file://server/share/secret.db'],
  ['options of SQLite', 'file:/atlas.db?mode=secret'],
  ['a NUL', 'file:/secret%00.db'],
  ['half an escape', 'file:/secret%2'],
  ['a setting of LISTEN that there is not', 'postgresql://u:secret@db/f?atlas_listen=maybe'],
  ['a port that is none', 'postgresql://u:secret@db:99999999/f'],
];

describe('the address of a store', () => {
  it.each(accepted)('%s', (url, place) => {
    expect(parseStoreUrl(url)).toEqual(place);
  });

  it.each(refused)('refuses %s, without repeating it', (_what, url) => {
    const parse = (): StorePlace => parseStoreUrl(url);
    expect(parse).toThrow(expect.objectContaining({ code: 'USAGE_INVALID', remedy: expect.any(String) }));
    expect(parse).not.toThrow(/secret/);
  });
});
