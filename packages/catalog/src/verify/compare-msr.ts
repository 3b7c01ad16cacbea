import type { Catalog, FeatureProperty, Resolution } from '@cpu-atlas/core';
import { findCpuPath, openQomObject, readQomValues, type QmpClient } from '../qmp/index.ts';
import type { Comparison } from './compare-cpu.ts';

/** The part of a catalog that says which property is which bit of which MSR. */
export type FeatureNames = Pick<Catalog, 'words' | 'features'>;

/**
 * Compares the MSR feature words. QMP shows them only bit by bit, as boolean properties, so the names of the bits must
 * be known; bits without a name are never seen.
 * @throws QMP_PROTOCOL, QMP_ERROR, QEMU_DIED, QEMU_TIMEOUT
 */
export async function compareMsrFeatures(
  client: QmpClient,
  resolution: Resolution,
  names: FeatureNames | undefined,
): Promise<Comparison> {
  if (names === undefined) return { differences: [], notCompared: ['msr-features'] };
  const path = await findCpuPath(client);
  if (path === null) return { differences: [], notCompared: ['msr-features'] };
  const enabled = new Map(resolution.msrFeatures.map((word) => [Number(word.index), BigInt(word.enabled)]));
  const bits = names.features.flatMap((feature) => msrBitsOf(feature, names));
  const live = await readQomValues(
    await openQomObject(client, path),
    bits.map(({ name }) => name),
  );
  const differences = bits.flatMap(({ name, index, mask }) => {
    const qemu = live.get(name);
    // QEMU's own reading of a property of several bits: on when all are.
    const atlas = ((enabled.get(index) ?? 0n) & mask) === mask;
    const what = `msr-features 0x${index.toString(16)} ${name}`;
    return typeof qemu !== 'boolean' || qemu === atlas ? [] : [{ what, atlas, qemu }];
  });
  return { differences, notCompared: [] };
}

interface MsrBits {
  readonly name: string;
  readonly index: number;
  readonly mask: bigint;
}

function msrBitsOf(feature: FeatureProperty, { words }: FeatureNames): readonly MsrBits[] {
  const word = words[feature.word];
  if (word?.kind !== 'msr') return [];
  const mask = feature.bits.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);
  return [{ name: feature.name, index: word.index, mask }];
}
