import { describe, expect, it } from 'vitest';
import { baselineCpus, expandCpu } from '@cpu-atlas/core';
import { comparable, inputCpu, ofRelease, recordedReleases, shippedMap, type RecordedCpu } from './libvirt-cases.ts';
import { hasOracle, listOracle, readOracle } from './oracle-files.ts';

interface RecordedBaseline {
  readonly id: string;
  readonly flags: readonly string[];
  readonly expect: 'ok' | 'error';
  readonly byLibvirt: Readonly<
    Record<string, { readonly inputs: readonly RecordedCpu[]; readonly result: RecordedCpu | null }>
  >;
}

const files = listOracle('libvirt', 'baseline');

describe.skipIf(!hasOracle)('baselines of libvirt itself (skipped where the recorded cases are not there)', () => {
  for (const release of recordedReleases)
    it.each(files)(`%s, libvirt ${release}`, (file) => {
      const recorded = readOracle<RecordedBaseline>('libvirt', 'baseline', file);
      const own = ofRelease(recorded.byLibvirt, release);
      if (own === undefined) throw new Error(`${file} has nothing of ${release}`);
      const index = shippedMap(release);
      const migratable = recorded.flags.includes('migratable');
      const answer = baselineCpus(index, own.inputs.map(inputCpu), { migratable });
      expect(answer.outcome, JSON.stringify(answer)).toBe(recorded.expect);
      if (answer.outcome === 'error' || own.result === null) return;
      const expanded = recorded.flags.includes('expandFeatures') ? expandCpu(index, answer.cpu) : null;
      const cpu = expanded?.outcome === 'ok' ? expanded.value : answer.cpu;
      expect(comparable(cpu)).toEqual(comparable(own.result));
      expect(cpu.fallback).toBe(own.result.fallback);
    });
});
