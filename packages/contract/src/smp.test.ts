import { AtlasError } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { parseSmp } from './smp.ts';

describe('parseSmp', () => {
  it.each([
    ['8', { cpus: 8 }],
    ['cpus=8', { cpus: 8 }],
    ['8,sockets=2,cores=2,threads=2', { cpus: 8, sockets: 2, cores: 2, threads: 2 }],
    [
      'sockets=1,dies=2,clusters=1,modules=1,cores=4,threads=2',
      { sockets: 1, dies: 2, clusters: 1, modules: 1, cores: 4, threads: 2 },
    ],
    ['cores=0', { cores: 0 }],
  ])('reads %j', (text, expected) => {
    expect(parseSmp(text)).toEqual(expected);
  });

  it.each([
    '',
    'many',
    'cores=',
    '=4',
    'cores=-1',
    'cores=1.5',
    'sockets=2,8',
    'books=2',
    'maxcpus=9',
    '99999999999',
    '8,',
    '__proto__=1',
    '70000',
  ])('refuses %j', (text) => {
    expect(() => parseSmp(text, '--smp')).toThrow(AtlasError);
    expect(() => parseSmp(text, '--smp')).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', where: expect.stringMatching(/^--smp/) as string }),
    );
  });
});
