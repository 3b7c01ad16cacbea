import { describe, expect, it } from 'vitest';
import { compareCpus, hostHasFeature, translateCpu, updateCpu } from '@cpu-atlas/core';
import {
  comparable,
  guestCpu,
  hostCpu,
  inputCpu,
  ofRelease,
  recordedReleases,
  shippedMap,
  type RecordedCpu,
} from './libvirt-cases.ts';
import { hasOracle, listOracle, readOracle } from './oracle-files.ts';

interface RecordedCase {
  readonly kind: 'compare' | 'guestcpu' | 'hasfeature' | 'update';
  readonly expected?: string;
  readonly feature?: string;
  readonly host?: RecordedCpu;
  readonly usableModels?: readonly string[] | null;
  readonly byLibvirt?: Readonly<
    Record<string, { readonly host: RecordedCpu; readonly cpu: RecordedCpu; readonly result?: RecordedCpu | null }>
  >;
}

const cases = listOracle('libvirt', 'compare').map(
  (file) => [file, readOracle<RecordedCase>('libvirt', 'compare', file)] as const,
);
const ofKind = (kind: RecordedCase['kind']): [string, RecordedCase][] =>
  cases.filter(([, recorded]) => recorded.kind === kind).map(([file, recorded]) => [file, recorded]);

describe.skipIf(!hasOracle)('comparisons of libvirt itself (skipped where the recorded cases are not there)', () => {
  for (const release of recordedReleases) {
    it.each(ofKind('compare'))(`%s, libvirt ${release}`, (_, recorded) => {
      const own = ofRelease(recorded.byLibvirt ?? {}, release);
      if (own === undefined) throw new Error('nothing recorded');
      const answer = compareCpus(shippedMap(release), hostCpu(own.host), inputCpu(own.cpu));
      expect(answer.outcome.toUpperCase(), JSON.stringify(answer)).toBe(recorded.expected);
    });

    it.each(ofKind('hasfeature'))(`%s, libvirt ${release}`, (_, recorded) => {
      if (recorded.host === undefined || recorded.feature === undefined) throw new Error('nothing recorded');
      const answer = hostHasFeature(shippedMap(release), hostCpu(recorded.host), recorded.feature);
      const word = answer.outcome === 'error' ? 'ERROR' : answer.value ? 'YES' : 'NO';
      expect(word).toBe(recorded.expected);
    });

    it.each([...ofKind('guestcpu'), ...ofKind('update')])(`%s, libvirt ${release}`, (_, recorded) => {
      const own = ofRelease(recorded.byLibvirt ?? {}, release);
      if (own === undefined) throw new Error('nothing recorded');
      const index = shippedMap(release);
      const updated = updateCpu(index, guestCpu(own.cpu), hostCpu(own.host));
      const offered = recorded.usableModels?.map((name) => ({ name, blockers: [] })) ?? null;
      const answer = updated.outcome === 'error' ? updated : translateCpu(index, updated.value, offered);
      expect(answer.outcome, JSON.stringify(answer)).toBe(recorded.expected ?? 'ok');
      if (answer.outcome === 'error' || own.result === null || own.result === undefined) return;
      expect(comparable(answer.value)).toEqual(comparable(own.result));
    });
  }
});
