import { wordKeyOf, type CatalogIndex, type CpuModelInfo, type SparseWords } from '@cpu-atlas/core';
import { launchQemu, type QemuLaunch } from '../qmp/index.ts';
import { expander } from './cpu-properties.ts';
import type { Reading } from './dependencies.ts';

const namelessMsrLine = /MSR\(([0-9A-Fa-f]{2,8})[Hh]\) \[bit (\d{1,2})\]/g;

/**
 * Definitions may hold bits that have no name (memory types of EPT): no expansion shows them, but when everything that
 * the model could have is switched on, `check` warns of those that the accelerator lacks, by number.
 * @returns MSR bits by model; models without any are left out
 */
export async function readNamelessBits(
  launch: QemuLaunch,
  index: CatalogIndex,
  models: readonly CpuModelInfo[],
  aliases: ReadonlyMap<string, string>,
  plan: readonly Reading[],
  parallel: number,
): Promise<Map<string, SparseWords>> {
  const deep = plan[1]?.force ?? {};
  const found = new Map<string, SparseWords>();
  const lineage = (name: string): string => (aliases.get(name) ?? name).replace(/-v\d+$/, '');
  const concerned = await modelsWithMsrs(launch, index, models, deep);
  const queue = [...new Map(concerned.map((name) => [lineage(name), name])).values()];
  const forced = Object.entries(deep).map(([name, on]) => `${name}=${on ? 'on' : 'off'}`);
  const worker = async (): Promise<void> => {
    for (let model = queue.shift(); model !== undefined; model = queue.shift()) {
      const qemu = await launchQemu({ ...launch, cpu: [model, 'check=on', ...forced].join(',') });
      await qemu.dispose();
      const bits = readBits(index, qemu.stderr());
      if (Object.keys(bits).length === 0) continue;
      for (const { name } of models) if (lineage(name) === lineage(model)) found.set(name, bits);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return found;
}

async function modelsWithMsrs(
  launch: QemuLaunch,
  index: CatalogIndex,
  models: readonly CpuModelInfo[],
  deep: Readonly<Record<string, boolean>>,
): Promise<string[]> {
  const msrFeatures = index.catalog.features.filter(({ word }) => index.layout.words[word].kind === 'msr');
  const qemu = await launchQemu(launch);
  try {
    const expand = expander(qemu.client);
    const defined = models.filter(({ name }) => name !== 'host' && name !== 'max');
    const values = await Promise.all(defined.map(({ name }) => expand(name, deep)));
    const read = msrFeatures.map(({ name }) => name).filter((name) => deep[name] === undefined);
    return defined.map(({ name }) => name).filter((_, i) => read.some((feature) => values[i][feature] === true));
  } finally {
    await qemu.dispose();
  }
}

function readBits(index: CatalogIndex, stderr: string): Record<string, string> {
  const values = new Map<number, bigint>();
  for (const [, msr, bit] of stderr.matchAll(namelessMsrLine)) {
    const word = index.layout.words.findIndex(
      (spec) => wordKeyOf(spec) === `msr.${Number.parseInt(msr, 16).toString(16)}`,
    );
    if (word >= 0) values.set(word, (values.get(word) ?? 0n) | (1n << BigInt(bit)));
  }
  return Object.fromEntries([...values].map(([word, value]) => [word, value.toString(16)]));
}
