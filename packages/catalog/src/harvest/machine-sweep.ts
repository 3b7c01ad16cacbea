import {
  AtlasError,
  isPcMachine,
  type Accelerator,
  type CatalogIndex,
  type CpuModelInfo,
  type MachineType,
  type SparseWords,
} from '@cpu-atlas/core';
import { findCpuPath, launchQemu, openQomObject, type QemuLaunch, type QmpClient } from '../qmp/index.ts';
import { expectBoolean, expectList, expectObject, expectString } from '../qmp/qmp-value.ts';
import { expander, type Expand } from './cpu-properties.ts';
import type { Reading } from './dependencies.ts';
import { ModelReader, comparableExpansion, type HarvestedModel, type HiddenPart } from './model-rows.ts';
import { readEach, type SkippedMachine } from './read-each.ts';

/** What one launch of one machine type told. */
export interface HarvestedMachine {
  readonly machine: string;
  /** By model name. */
  readonly models: ReadonlyMap<string, HarvestedModel>;
  /** Model name → the model it stands for on this machine type. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Expansions of a few models, to recognise a machine type that is equal. */
  readonly witnesses: string;
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
  readonly cpuCompat: ReadonlyMap<string, CpuCompat>;
  /** The sweep under another accelerator that went before: what differs there is looked at again here. */
  readonly earlier?: readonly HarvestedMachine[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onMachine?: ((done: number, machine: string) => void) | undefined;
}

/** Compat properties of CPU types of one machine type, as texts that compare. */
export interface CpuCompat {
  /** Those of feature bits. */
  readonly ofFeatures: string;
  readonly all: string;
}

/** What the machine types of a sweep have in common, so that equal ones are asked once. */
interface SharedKnowledge {
  readonly hidden: Map<string, Promise<HiddenPart>>;
  /** Machine types read in full, by what makes others equal to them. */
  readonly twins: Map<string, Promise<HarvestedMachine>>;
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
  shared: SharedKnowledge,
): Promise<HarvestedMachine> {
  const { accel } = options;
  const earlier = options.earlier?.find((other) => other.machine === machine);
  const qemu = await launchQemu({ ...options.launch, machine, accel });
  try {
    if ((await findCpuPath(qemu.client)) === null) throw new AtlasError('MACHINE_TYPE_UNKNOWN', 'it creates no CPU');
    const aliases = earlier?.aliases ?? (await readAliases(qemu.client));
    const witnesses = await readWitnesses(options, expander(qemu.client));
    const twin = await findTwin(options, machine, aliases, shared);
    if (twin !== null && twin.machine?.witnesses === witnesses) return { ...twin.machine, machine };
    const reading = readInFull({ options, machine, shared, client: qemu.client, aliases, witnesses, earlier });
    if (twin !== null && twin.machine === null) shared.twins.set(twin.key, reading);
    return await reading;
  } finally {
    await qemu.dispose();
  }
}

/** Models looked at on every machine type: a few, spread over all of them. */
async function readWitnesses({ models, accel }: SweepOptions, expand: Expand): Promise<string> {
  const offered = models.filter(({ name }) => !(name === 'host' && accel === 'tcg'));
  const chosen = [0, 1, 2, 3].map((n) => offered[Math.floor((n * (offered.length - 1)) / 3)].name);
  const expansions = await Promise.all(chosen.map((name) => expand(name, {})));
  return expansions.map(comparableExpansion).join('\n');
}

/**
 * A machine type with the same compat properties of CPUs and the same aliases, read before; `machine` is null where this
 * is the first of its kind. null: this QEMU does not list compat properties, so that every machine type is read in full.
 */
async function findTwin(
  { cpuCompat }: SweepOptions,
  machine: string,
  aliases: ReadonlyMap<string, string>,
  { twins }: SharedKnowledge,
): Promise<{ key: string; machine: HarvestedMachine | null } | null> {
  const compat = cpuCompat.get(machine);
  if (compat === undefined) return null;
  const key = JSON.stringify([compat.all, [...aliases], isPcMachine(machine)]);
  return { key, machine: (await twins.get(key)?.catch(() => null)) ?? null };
}

interface FullReading {
  readonly options: SweepOptions;
  readonly machine: string;
  readonly shared: SharedKnowledge;
  readonly client: QmpClient;
  readonly aliases: ReadonlyMap<string, string>;
  readonly witnesses: string;
  readonly earlier: HarvestedMachine | undefined;
}

async function readInFull(reading: FullReading): Promise<HarvestedMachine> {
  const { options, machine, shared, client, aliases, witnesses, earlier } = reading;
  const { index, accel } = options;
  const expand = expander(client);
  const reader = new ModelReader({ index, plan: options.plan, nameless: options.nameless, hidden: shared.hidden });
  const offered = options.models.filter(({ name }) => !(name === 'host' && accel === 'tcg'));
  const compat = options.cpuCompat.get(machine)?.ofFeatures ?? '';
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
    witnesses,
    forcesHostPhysBits: await readForcedPhysBits(client, models),
    irqchipDefault: isSplit ? 'split' : 'on',
    splitExtDestId: accel === 'kvm' && (isSplit || (await hasExtDestId(options, machine, 'split'))),
  };
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
 * @throws QEMU_TIMEOUT when all of them took too long, which says nothing about machine types
 */
export async function sweepMachines(
  options: SweepOptions,
): Promise<{ harvested: HarvestedMachine[]; skipped: SkippedMachine[] }> {
  const { launch, parallel, onMachine } = options;
  const shared: SharedKnowledge = { hidden: new Map(), twins: new Map() };
  return readEach({
    machines: options.machines.map(({ name }) => name),
    ...{ timeoutMs: launch.timeoutMs, parallel, onMachine },
    read: async (machine, timeoutMs) => {
      options.signal?.throwIfAborted();
      return harvestMachine({ ...options, launch: { ...launch, timeoutMs } }, machine, shared);
    },
  });
}
