import { describe, expect, it } from 'vitest';
import { formatCpuList } from '@cpu-atlas/core';
import { parseCpuList } from './cpu-list.ts';

describe('Linux CPU lists', () => {
  it.each([
    { text: '0', cpus: [0] },
    { text: '0-3', cpus: [0, 1, 2, 3] },
    { text: '0-1,4,6-7', cpus: [0, 1, 4, 6, 7] },
    { text: '8190-8191', cpus: [8190, 8191] },
  ])('reads and writes $text', ({ text, cpus }) => {
    expect(parseCpuList(text)).toEqual(cpus);
    expect(formatCpuList(cpus)).toBe(text);
  });

  it.each([
    { text: '3,0-1\n', cpus: [0, 1, 3], why: 'any order and a line end' },
    { text: '0-2,1-3', cpus: [0, 1, 2, 3], why: 'ranges that overlap' },
  ])('accepts $why', ({ text, cpus }) => {
    expect(parseCpuList(text)).toEqual(cpus);
  });

  it.each(['', ' ', '0-', '-1', '3-1', '0,,1', 'a', '0x1', '8192', '0-99999999999', '1.5'])('refuses %j', (text) => {
    expect(parseCpuList(text)).toBeUndefined();
  });

  it('writes no CPUs as an empty list', () => {
    expect(formatCpuList([])).toBe('');
  });
});
