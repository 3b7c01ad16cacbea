import { basename } from 'node:path';
import {
  AtlasError,
  indexCatalog,
  type Accelerator,
  type Catalog,
  type CatalogProvenance,
  type CpuModelInfo,
  type MachineType,
  type SparseWords,
} from '@cpu-atlas/core';
import { catalogHash } from '../store/catalog-file.ts';
import { launchQemu, readQemuVersion, type QemuLaunch, type QmpClient } from '../qmp/index.ts';
import { expectList, expectObject, expectString } from '../qmp/qmp-value.ts';
import { expander, readCpuProperties, type CpuProperties } from './cpu-properties.ts';
import { acceleratorPart, commonProperties, compactSweep, withoutHost } from './compact-rows.ts';
import { learnRelations, planReadings, type FeatureRelations } from './dependencies.ts';
import { locateFeatureBits, type FeatureBits } from './feature-bits.ts';
import { identifyBinary } from './binary-identity.ts';
import { readNamelessBits } from './nameless-bits.ts';
import { readCpuDefinitions, sweepMachines, type CpuCompat, type HarvestedMachine } from './machine-sweep.ts';
import type { SkippedMachine } from './read-each.ts';

export interface HarvestProgress {
  readonly phase: 'discover' | 'tcg' | 'kvm';
  readonly done: number;
  readonly total: number;
  readonly what: string;
}

export interface HarvestOptions {
  readonly onProgress?: ((progress: HarvestProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** QEMUs at once; default 2. */
  readonly parallel?: number | undefined;
  /** `auto` uses KVM where it opens; `off` never. */
  readonly kvm?: 'auto' | 'off' | undefined;
  /** For one answer of QEMU; default 30 000. */
  readonly timeoutMs?: number | undefined;
  /** RFC 3339 time to note as the time of the harvest. */
  readonly now: string;
}

export interface Harvest {
  readonly catalog: Catalog;
  /** `sha256:…` of the catalog's content. */
  readonly hash: string;
  readonly provenance: CatalogProvenance;
}

interface Basics {
  readonly version: string;
  readonly package: string;
  readonly machines: readonly MachineType[];
  readonly cpuCompat: ReadonlyMap<string, CpuCompat>;
  readonly models: readonly CpuModelInfo[];
  /** On the machine type to begin with. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly properties: CpuProperties;
}

async function readMachines(client: QmpClient): Promise<MachineType[]> {
  const reply = expectList(await client.execute('query-machines'), 'query-machines');
  const machines = reply.map((entry, i): MachineType => {
    const machine = expectObject(entry, `query-machines[${i}]`);
    const defaultType = machine['default-cpu-type'];
    return {
      name: expectString(machine.name, `query-machines[${i}].name`),
      ...(typeof machine.alias === 'string' ? { alias: machine.alias } : {}),
      deprecated: machine.deprecated === true,
      isDefault: machine['is-default'] === true,
      ...(typeof defaultType === 'string' ? { defaultCpu: defaultType.replace(/-x86_64-cpu$/, '') } : {}),
      ...(typeof machine['cpu-max'] === 'number' ? { maxCpus: machine['cpu-max'] } : {}),
    };
  });
  return machines.filter(({ name }) => name !== 'none').sort(newestFirst);
}

/**
 * Compat properties of CPU types, as texts for each machine type. Told since QEMU 9.1.
 * Source: QEMU 9.1, query-machines with compat-props
 */
async function readCpuCompat(client: QmpClient, featureNames: ReadonlySet<string>): Promise<Map<string, CpuCompat>> {
  const compat = new Map<string, CpuCompat>();
  let reply: unknown;
  try {
    reply = await client.execute('query-machines', { 'compat-props': true });
  } catch (error) {
    if (error instanceof AtlasError && error.code === 'QMP_ERROR') return compat;
    throw error;
  }
  for (const [i, entry] of expectList(reply, 'query-machines').entries()) {
    const machine = expectObject(entry, `query-machines[${i}]`);
    const props = Array.isArray(machine['compat-props']) ? machine['compat-props'] : [];
    const ofCpus = props.filter((entry, at) => {
      const { 'qom-type': type } = expectObject(entry, `query-machines[${i}].compat-props[${at}]`);
      return String(type).endsWith('x86_64-cpu');
    });
    const ofFeatures = ofCpus.filter((entry) =>
      featureNames.has(String(expectObject(entry, 'compat-props').property).replaceAll('_', '-')),
    );
    compat.set(expectString(machine.name, `query-machines[${i}].name`), {
      ofFeatures: JSON.stringify(ofFeatures),
      all: JSON.stringify(ofCpus),
    });
  }
  return compat;
}

/** Newest machine type first within its kind: names compare by their numbers. */
function newestFirst(a: MachineType, b: MachineType): number {
  return b.name.localeCompare(a.name, 'en', { numeric: true });
}

async function readBasics(launch: QemuLaunch): Promise<Basics> {
  const qemu = await launchQemu(launch);
  try {
    const version = expectObject(await qemu.client.execute('query-version'), 'query-version');
    const numbers = expectObject(version.qemu, 'query-version.qemu');
    const definitions = await readCpuDefinitions(qemu.client);
    const properties = await readCpuProperties(qemu.client);
    return {
      version: `${String(numbers.major)}.${String(numbers.minor)}.${String(numbers.micro)}`,
      package: expectString(version.package, 'query-version.package'),
      machines: await readMachines(qemu.client),
      cpuCompat: await readCpuCompat(qemu.client, new Set(properties.featureNames)),
      models: definitions.map(({ info }) => info).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
      aliases: new Map(
        definitions.flatMap(({ info, aliasOf }) => (aliasOf === null ? [] : [[info.name, aliasOf] as const])),
      ),
      properties,
    };
  } finally {
    await qemu.dispose();
  }
}

async function opens(launch: QemuLaunch): Promise<boolean> {
  try {
    const qemu = await launchQemu(launch);
    await qemu.dispose();
    return true;
  } catch (error) {
    // Too slow is not closed.
    if (!(error instanceof AtlasError) || error.code === 'QEMU_NOT_FOUND' || error.code === 'QEMU_TIMEOUT') throw error;
    return false;
  }
}

async function learn(launch: QemuLaunch, bits: FeatureBits, properties: CpuProperties): Promise<FeatureRelations> {
  const qemu = await launchQemu(launch);
  try {
    // TCG always zeroes the KVM word, which would look like a dependency of every one of its features.
    const features = bits.features.filter(({ word }) => !isKvmWord(bits, word));
    const hasPmu = properties.others.some(({ name }) => name === 'pmu');
    return await learnRelations(expander(qemu.client), features, hasPmu);
  } finally {
    await qemu.dispose();
  }
}

function isKvmWord(bits: FeatureBits, word: number): boolean {
  const spec = bits.words[word];
  return spec.kind === 'cpuid' && spec.leaf >= 0x40000000 && spec.leaf < 0x50000000;
}

function supportedSparse(bits: FeatureBits): SparseWords {
  const sparse: Record<string, string> = {};
  bits.supported.forEach(({ low, high }, word) => {
    if (low !== 0 || high !== 0) sparse[word] = ((BigInt(high) << 32n) | BigInt(low)).toString(16);
  });
  return sparse;
}

function describeUnseen(tcg: boolean, kvm: boolean, bits: FeatureBits, skipped: readonly SkippedMachine[]): string[] {
  return [
    ...(kvm
      ? []
      : [
          'KVM did not open where this was harvested: what KVM turns on and off by default is taken from the nearest shipped catalog',
        ]),
    ...(tcg ? [] : ['this binary has no TCG: definitions are known as KVM shows them']),
    ...(bits.unlocated.length === 0 ? [] : [`the bit of these properties is not known: ${bits.unlocated.join(', ')}`]),
    ...skipped.map(({ machine, reason }) => `machine type ${machine} does not start alone: ${reason.split('\n')[0]}`),
  ];
}

/**
 * Asks a QEMU binary everything that decides which features a guest gets: one launch per machine type and accelerator,
 * all models expanded inside.
 * @throws QEMU_NOT_FOUND, QEMU_LAUNCH_FAILED, QEMU_DIED, QEMU_TIMEOUT, QMP_ERROR, QMP_PROTOCOL
 */
export async function harvestCatalog(binary: string, options: HarvestOptions): Promise<Harvest> {
  const { signal, onProgress, timeoutMs = 30_000, parallel = 2 } = options;
  onProgress?.({ phase: 'discover', done: 0, total: 1, what: 'models, machine types, properties' });
  const { firstAccel, machine } = await chooseStart(binary, timeoutMs);
  const launch: QemuLaunch = { binary, machine, accel: firstAccel, timeoutMs };
  const basics = await readBasics(launch);
  const hasKvm = options.kvm !== 'off' && (firstAccel === 'kvm' || (await opens({ ...launch, accel: 'kvm' })));
  const hasTcg = firstAccel === 'tcg';
  signal?.throwIfAborted();
  const bits = await locateFeatureBits(launch, basics.properties.featureNames);
  const relations = await learn(launch, bits, basics.properties);
  const skeleton = catalogSkeleton(basics, bits, relations);
  const index = indexCatalog(skeleton);
  const plan = planReadings(
    bits.features.map(({ name }) => name),
    relations,
  );
  const nameless = await readNamelessBits(launch, index, basics.models, basics.aliases, plan, parallel);
  const sweep = async (
    accel: Accelerator,
    earlier?: HarvestedMachine[],
  ): Promise<{ harvested: HarvestedMachine[]; skipped: SkippedMachine[] }> =>
    sweepMachines({
      launch,
      accel,
      machines: basics.machines,
      models: basics.models,
      index,
      plan,
      parallel,
      signal,
      earlier,
      cpuCompat: basics.cpuCompat,
      nameless,
      onMachine: (done, what) => onProgress?.({ phase: accel, done, total: basics.machines.length, what }),
    });
  const tcg = hasTcg ? await sweep('tcg') : { harvested: [], skipped: [] };
  const kvm = hasKvm ? await sweep('kvm', tcg.harvested) : { harvested: [], skipped: [] };
  const kvmClean = withoutHost(kvm.harvested, tcg.harvested);
  const common = commonProperties([tcg.harvested, kvmClean]);
  const fold = (harvested: readonly HarvestedMachine[]): ReturnType<typeof compactSweep> =>
    compactSweep({ index, machines: basics.machines, models: basics.models, harvested, common });
  const catalog: Catalog = {
    ...skeleton,
    propertyDefaults: common,
    ...(hasTcg ? { tcg: { ...acceleratorPart(fold(tcg.harvested)), supported: supportedSparse(bits) } } : {}),
    ...(hasKvm ? { kvm: fold(kvmClean) } : {}),
    notSeen: describeUnseen(hasTcg, hasKvm, bits, hasTcg ? tcg.skipped : kvm.skipped),
  };
  const { path, sizeBytes, mtime } = await identifyBinary(binary);
  const provenance = {
    harvestedAt: options.now,
    harvester: 'cpu-atlas',
    binary: { name: basename(path), sizeBytes, mtime },
  };
  return { catalog, hash: catalogHash(catalog), provenance };
}

/** The accelerator and machine type to begin with: TCG where it is compiled in, the binary's default machine. */
async function chooseStart(binary: string, timeoutMs: number): Promise<{ firstAccel: Accelerator; machine: string }> {
  await readQemuVersion(binary);
  const failures: unknown[] = [];
  for (const firstAccel of ['tcg', 'kvm'] as const) {
    for (const machine of ['q35', 'pc', 'microvm']) {
      try {
        const qemu = await launchQemu({ binary, machine, accel: firstAccel, timeoutMs });
        await qemu.dispose();
        return { firstAccel, machine };
      } catch (error) {
        if (error instanceof AtlasError && ['QEMU_NOT_FOUND', 'QEMU_TIMEOUT'].includes(error.code)) throw error;
        failures.push(error);
      }
    }
  }
  throw new AtlasError('QEMU_LAUNCH_FAILED', 'neither TCG nor KVM starts on q35, pc or microvm', {
    where: binary,
    remedy: 'run the binary by hand and see what it says',
    cause: failures[0],
  });
}

function catalogSkeleton(basics: Basics, bits: FeatureBits, relations: FeatureRelations): Catalog {
  return {
    schema: 'cpu-atlas/catalog/1',
    qemu: { version: basics.version, package: basics.package },
    words: bits.words,
    features: bits.features,
    aliases: basics.properties.aliases,
    otherProperties: basics.properties.others,
    propertyDefaults: {},
    dependencies: relations.dependencies,
    exclusions: relations.exclusions,
    pmuFeatures: relations.pmuFeatures,
    machines: basics.machines,
    models: basics.models,
    notSeen: [],
    warningStyle: bits.warningStyle,
  };
}
