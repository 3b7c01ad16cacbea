import { describe, expect, it } from 'vitest';
import {
  bitsOfQemuFeatures,
  bitsOfRegisters,
  CpuidTable,
  decodeCpu,
  libvirtNameOf,
  parseMsr,
  signatureOf,
  vendorOf,
  type CpuidEntry,
  type DecodeInput,
  type LibvirtMapIndex,
  type OfferedModel,
} from '@cpu-atlas/core';
import { comparable, recordedReleases, shippedMap, type RecordedCpu } from './libvirt-cases.ts';
import { hasOracle, listOracle, readOracle } from './oracle-files.ts';

interface RecordedBest {
  readonly name: string;
  readonly jsonLevel?: string;
  readonly byLibvirt: Readonly<Record<string, Readonly<Partial<Record<'host' | 'guest' | 'json', RecordedCpu>>>>>;
}

interface RecordedSilicon {
  readonly cpuid: readonly CpuidEntry[];
  readonly msrs?: readonly { readonly index: string; readonly eax: string; readonly edx: string }[];
}

interface RecordedExpansion {
  readonly enabled: readonly string[];
  readonly host: { readonly values: Readonly<Record<string, unknown>> };
  readonly definitions: Readonly<Record<string, { readonly unavailableFeatures?: readonly string[] | null }>> | null;
}

const files = listOracle('libvirt', 'bestmodel');
const recordedHosts = new Set(listOracle('libvirt', 'hosts'));
const recordedQemus = new Set(listOracle('libvirt', 'qemu'));

const vendorName = (index: LibvirtMapIndex, cpuid: string): string | null =>
  [...index.vendors.values()].find((vendor) => vendor.cpuid === cpuid)?.name ?? null;

function siliconInput(index: LibvirtMapIndex, file: string, kind: 'host' | 'guest'): Omit<DecodeInput, 'offered'> {
  const silicon = readOracle<RecordedSilicon>('libvirt', 'hosts', file);
  const table = new CpuidTable(silicon.cpuid, 'cpuid');
  const msrs = (silicon.msrs ?? []).map(
    ({ index: at, eax, edx }) => [Number(at), (parseMsr(edx, 'edx') << 32n) | parseMsr(eax, 'eax')] as const,
  );
  const [leaf0, leaf1] = [table.get(0), table.get(1)];
  return {
    kind,
    bits: bitsOfRegisters(index, table, new Map(msrs)),
    vendor: leaf0 === null ? null : vendorName(index, vendorOf(leaf0)),
    signature: leaf1 === null ? null : signatureOf(leaf1.EAX),
    preferred: [],
    migratable: false,
    fallback: 'allow',
  };
}

/** The models of the QEMU that was recorded on that host; null: it did not tell. */
function offeredModels(index: LibvirtMapIndex, file: string): OfferedModel[] | null {
  const { definitions } = readOracle<RecordedExpansion>('libvirt', 'qemu', file);
  const offered = Object.entries(definitions ?? {}).map(([name, { unavailableFeatures }]) => ({
    name,
    blockers: (unavailableFeatures ?? []).flatMap((feature) => libvirtNameOf(index, feature) ?? []),
  }));
  return offered.length === 0 ? null : offered;
}

function expansionInput(index: LibvirtMapIndex, file: string): DecodeInput {
  const { enabled, host } = readOracle<RecordedExpansion>('libvirt', 'qemu', file);
  const number = (name: string): number => Number(host.values[name]);
  return {
    kind: 'guest',
    bits: bitsOfQemuFeatures(index, enabled),
    vendor: vendorName(index, String(host.values.vendor)),
    signature: { family: number('family'), model: number('model'), stepping: number('stepping') },
    offered: offeredModels(index, file),
    preferred: [],
    migratable: false,
    fallback: 'allow',
  };
}

describe.skipIf(!hasOracle)('closest models of libvirt itself (skipped where the records are not there)', () => {
  for (const release of recordedReleases)
    for (const file of files) {
      const { jsonLevel, byLibvirt } = readOracle<RecordedBest>('libvirt', 'bestmodel', file);
      const recorded = byLibvirt[`libvirt-${release}`] ?? {};
      for (const kind of ['host', 'guest'] as const) {
        const expected = recorded[kind];
        if (expected === undefined || !recordedHosts.has(file)) continue;
        it(`${file}: the ${kind} of the silicon, libvirt ${release}`, () => {
          const index = shippedMap(release);
          // libvirt's own test of these few took QEMU's models into account for the guest, too.
          const offered = kind === 'guest' && jsonLevel === 'JSON_MODELS_REQUIRED' ? offeredModels(index, file) : null;
          const answer = decodeCpu(index, { ...siliconInput(index, file, kind), offered });
          if (answer.outcome === 'error') throw new Error(answer.reason);
          expect(comparable(answer.cpu)).toEqual(comparable(expected));
        });
      }
      const { json } = recorded;
      if (json === undefined || !recordedQemus.has(file)) continue;
      it(`${file}: what -cpu host expands to, libvirt ${release}`, () => {
        const index = shippedMap(release);
        const answer = decodeCpu(index, expansionInput(index, file));
        if (answer.outcome === 'error') throw new Error(answer.reason);
        expect(comparable(answer.cpu)).toEqual(comparable(json));
      });
    }
});
