import {
  AtlasError,
  type Accelerator,
  type CatalogIndex,
  type CpuModelInfo,
  type MachineType,
  type SparseWords,
} from '@cpu-atlas/core';
import { findCpuPath, launchQemu, openQomObject, type QemuLaunch, type QmpClient } from '../qmp/index.ts';
import { expectBoolean, expectList, expectObject, expectString } from '../qmp/qmp-value.ts';
import { expander } from './cpu-properties.ts';
import type { Reading } from './dependencies.ts';
import { ModelReader, type HarvestedModel, type HiddenPart } from './model-rows.ts';

/** What one launch of one machine type told. */
export interface HarvestedMachine {
  readonly machine: string;
  /** By model name. */
  readonly models: ReadonlyMap<string, HarvestedModel>;
  /** Model name → the model it stands for on this machine type. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly forcesHostPhysBits: boolean;
  readonly splitExtDestId: boolean;
  readonly irqchipDefault: 'on' | 'split';
}

export interface SweepOptions {
  readonly launch: QemuLaunch;
  readonly accel: Accelerator;
  readonly machines: readonly MachineType[];
  readonly models: readonly CpuModelInfo[];
  readonly index: CatalogIndex;
  readonly plan: readonly Reading[];
  /** Nameless bits of definitions, by model. */
  readonly nameless: ReadonlyMap<string, SparseWords>;
  readonly parallel: number;
  /** What compat properties say of CPUs, by machine type; releases before 9.1 do not tell. */
  readonly cpuCompat: ReadonlyMap<string, string>;
  /** The sweep under another accelerator that went before: what differs there is looked at again here. */
  readonly earlier?: readonly HarvestedMachine[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onMachine?: ((done: number, machine: string) => void) | undefined;
}

/** A machine type that this QEMU lists but does not start, and why. */
export interface SkippedMachine {
  readonly machine: string;
  readonly reason: string;
}

/** The names and aliases of `query-cpu-definitions`. */
export interface CpuDefinition {
  readonly info: CpuModelInfo;
  readonly aliasOf: string | null;
}

export async function readCpuDefinitions(client: QmpClient): Promise<CpuDefinition[]> {
  const reply = expectList(await client.execute('query-cpu-definitions'), 'query-cpu-definitions');
  return reply.map((entry, i) => {
    const where = `query-cpu-definitions[${i}]`;
    const definition = expectObject(entry, where);
    const safe = definition['migration-safe'];
    return {
      info: {
        name: expectString(definition.name, `${where}.name`),
        deprecated: definition.deprecated === true,
        migrationSafe: safe === undefined ? 'unknown' : expectBoolean(safe, `${where}.migration-safe`) ? 'yes' : 'no',
        isStatic: definition.static === true,
      },
      aliasOf: typeof definition['alias-of'] === 'string' ? definition['alias-of'] : null,
    };
  });
}

const extDestId = 'kvm-msi-ext-dest-id';

/** A named model tells what the accelerator does to all named models. */
function witnessOf(models: readonly CpuModelInfo[]): string | undefined {
  return models.find(({ name, migrationSafe }) => migrationSafe === 'yes' && name !== 'base')?.name;
}

async function hasExtDestId(options: SweepOptions, machine: string, kernelIrqchip: 'split'): Promise<boolean> {
  const witness = witnessOf(options.models);
  if (witness === undefined || !options.index.features.has(extDestId)) return false;
  const qemu = await launchQemu({ ...options.launch, machine, accel: 'kvm', kernelIrqchip });
  try {
    const values = await expander(qemu.client)(witness, {});
    return values[extDestId] === true;
  } finally {
    await qemu.dispose();
  }
}

async function harvestMachine(
  options: SweepOptions,
  machine: string,
  hidden: Map<string, Promise<HiddenPart>>,
): Promise<HarvestedMachine> {
  const { index, accel } = options;
  const earlier = options.earlier?.find((other) => other.machine === machine);
  const qemu = await launchQemu({ ...options.launch, machine, accel });
  try {
    if ((await findCpuPath(qemu.client)) === null) throw new AtlasError('MACHINE_TYPE_UNKNOWN', 'it creates no CPU');
    const aliases = earlier?.aliases ?? (await readAliases(qemu.client));
    const expand = expander(qemu.client);
    const reader = new ModelReader({ index, plan: options.plan, nameless: options.nameless, hidden });
    const offered = options.models.filter(({ name }) => !(name === 'host' && accel === 'tcg'));
    const compat = options.cpuCompat.get(machine) ?? '';
    const read = await Promise.all(
      offered.map(({ name }) => reader.read(expand, name, `${compat}\n${earlier?.models.get(name)?.key ?? ''}`)),
    );
    const models = new Map(offered.map(({ name }, i) => [name, read[i]]));
    const witness = models.get(witnessOf(options.models) ?? '');
    const isSplit = accel === 'kvm' && witness !== undefined && hasBit(index, witness, extDestId);
    return {
      machine,
      models,
      aliases,
      forcesHostPhysBits: await readForcedPhysBits(qemu.client, models),
      irqchipDefault: isSplit ? 'split' : 'on',
      splitExtDestId: accel === 'kvm' && (isSplit || (await hasExtDestId(options, machine, 'split'))),
    };
  } finally {
    await qemu.dispose();
  }
}

/** Whether the running CPU has host-phys-bits although its model, as expanded, has not: the machine type did that. */
async function readForcedPhysBits(client: QmpClient, models: ReadonlyMap<string, HarvestedModel>): Promise<boolean> {
  const path = await findCpuPath(client);
  if (path === null) return false;
  const cpu = await openQomObject(client, path);
  if (!cpu.has('host-phys-bits')) return false;
  const model = expectString(await cpu.get('type'), 'type').replace(/-x86_64-cpu$/, '');
  return (await cpu.get('host-phys-bits')) === true && models.get(model)?.properties['host-phys-bits'] === false;
}

async function readAliases(client: QmpClient): Promise<Map<string, string>> {
  const definitions = await readCpuDefinitions(client);
  return new Map(definitions.flatMap(({ info, aliasOf }) => (aliasOf === null ? [] : [[info.name, aliasOf] as const])));
}

function hasBit(index: CatalogIndex, model: HarvestedModel, name: string): boolean {
  const feature = index.catalog.features.find((candidate) => candidate.name === name);
  if (feature === undefined) return false;
  const value = BigInt(`0x${model.features[String(feature.word)] ?? '0'}`);
  return feature.bits.every((bit) => ((value >> BigInt(bit)) & 1n) === 1n);
}

/**
 * Launches every machine type once and reads every model on it. A machine type that does not start alone (it wants a
 * device, another hypervisor) is reported, not fatal.
 */
export async function sweepMachines(
  options: SweepOptions,
): Promise<{ harvested: HarvestedMachine[]; skipped: SkippedMachine[] }> {
  const queue = [...options.machines];
  const harvested: HarvestedMachine[] = [];
  const skipped: SkippedMachine[] = [];
  const hidden = new Map<string, Promise<HiddenPart>>();
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      options.signal?.throwIfAborted();
      try {
        harvested.push(await harvestMachine(options, next.name, hidden));
      } catch (error) {
        if (!(error instanceof AtlasError) || error.code === 'INTERNAL') throw error;
        skipped.push({ machine: next.name, reason: error.message });
      }
      options.onMachine?.(harvested.length + skipped.length, next.name);
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, worker));
  return { harvested, skipped };
}
