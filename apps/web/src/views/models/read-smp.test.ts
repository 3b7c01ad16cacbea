import { describe, expect, it } from 'vitest';
import { readSmp } from './read-smp.ts';

describe('the argument of -smp', () => {
  it.each([
    ['8', { cpus: 8 }],
    ['8,sockets=2', { cpus: 8, sockets: 2 }],
    ['cpus=8, cores=4,threads=2', { cpus: 8, cores: 4, threads: 2 }],
    ['', null],
    ['eight', null],
    ['8,4', null],
    ['cpus=8,maxcpus=16', null],
    ['-1', null],
    ['123456', null],
  ])('%j', (text, expected) => {
    expect(readSmp(text)).toEqual(expected);
  });
});
