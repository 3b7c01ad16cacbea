import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { dataDirectory } from './data-directory.ts';

describe('dataDirectory', () => {
  it.each<[string, Record<string, string>, string]>([
    ['what is set', { CPU_ATLAS_DATA_DIR: '/d', STATE_DIRECTORY: '/var/lib/cpu-atlas' }, '/d'],
    ['what systemd gives', { STATE_DIRECTORY: '/var/lib/cpu-atlas:/var/lib/other' }, '/var/lib/cpu-atlas'],
    ['the cache of the desktop', { XDG_CACHE_HOME: '/c' }, '/c/cpu-atlas'],
    ['the usual cache when that one is relative', { XDG_CACHE_HOME: 'c' }, `${homedir()}/.cache/cpu-atlas`],
    [
      'the usual cache when all is empty',
      { CPU_ATLAS_DATA_DIR: '', STATE_DIRECTORY: '' },
      `${homedir()}/.cache/cpu-atlas`,
    ],
  ])('is %s', (_, environment, expected) => {
    expect(dataDirectory(environment)).toBe(expected);
  });
});
