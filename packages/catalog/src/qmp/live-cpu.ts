import { AtlasError, type Register, type X86CPUFeatureWordInfo } from '@cpu-atlas/core';
import type { QmpClient } from './qmp-client.ts';
import { expectBoolean, expectInteger, expectList, expectObject, expectString } from './qmp-value.ts';

/** Properties of a CPU object that are not feature bits; undefined: this QEMU has no such property. */
export interface LiveCpuProperties {
  /** QOM type, `Skylake-Server-v4-x86_64-cpu`. */
  readonly type: string;
  readonly level: number | undefined;
  readonly 'min-level': number | undefined;
  readonly xlevel: number | undefined;
  readonly 'min-xlevel': number | undefined;
  readonly xlevel2: number | undefined;
  readonly 'min-xlevel2': number | undefined;
  readonly family: number | undefined;
  readonly model: number | undefined;
  readonly stepping: number | undefined;
  readonly vendor: string | undefined;
  readonly 'model-id': string | undefined;
  readonly 'phys-bits': number | undefined;
  /** Since QEMU 9.0. */
  readonly 'guest-phys-bits': number | undefined;
  readonly 'host-phys-bits': boolean | undefined;
  readonly 'host-phys-bits-limit': number | undefined;
  readonly 'ucode-rev': number | undefined;
  readonly pmu: boolean | undefined;
}

/** What QEMU says of the first CPU of a paused machine. */
export interface LiveCpu {
  /** QOM path, `/machine/unattached/device[0]`. */
  readonly path: string;
  readonly featureWords: readonly X86CPUFeatureWordInfo[];
  readonly filteredFeatures: readonly X86CPUFeatureWordInfo[];
  readonly unavailableFeatures: readonly string[];
  readonly properties: LiveCpuProperties;
}

/** Reads properties of one QOM object; `undefined` for one that the object does not have. */
export interface QomReader {
  readonly path: string;
  has(property: string): boolean;
  get(property: string): Promise<unknown>;
}

/**
 * QOM path of the first CPU; null where the machine has none (`none`, `x-remote`).
 * @throws QMP_PROTOCOL, QMP_ERROR, QEMU_DIED, QEMU_TIMEOUT
 */
export async function findCpuPath(client: QmpClient): Promise<string | null> {
  const cpus = expectList(await client.execute('query-cpus-fast'), 'query-cpus-fast');
  const [first] = cpus.map((cpu, i) => expectObject(cpu, `query-cpus-fast[${i}]`));
  return first === undefined ? null : expectString(first['qom-path'], 'query-cpus-fast[0].qom-path');
}

/**
 * Lists the object's properties first, so that a missing one is known to be missing and every error is a real one.
 * @throws QMP_PROTOCOL, QMP_ERROR, QEMU_DIED, QEMU_TIMEOUT
 */
export async function openQomObject(client: QmpClient, path: string): Promise<QomReader> {
  const where = `qom-list ${path}`;
  const listed = expectList(await client.execute('qom-list', { path }), where);
  const names = new Set(listed.map((entry) => expectString(expectObject(entry, where)['name'], where)));
  return {
    path,
    has: (property) => names.has(property),
    get: (property) =>
      names.has(property) ? client.execute('qom-get', { path, property }) : Promise.resolve(undefined),
  };
}

/**
 * Reads what a guest would see of the CPU.
 * @throws VERIFY_UNAVAILABLE when the machine has no CPU; QMP_PROTOCOL, QMP_ERROR, QEMU_DIED, QEMU_TIMEOUT
 */
export async function readLiveCpu(client: QmpClient): Promise<LiveCpu> {
  const path = await findCpuPath(client);
  if (path === null) {
    throw new AtlasError('VERIFY_UNAVAILABLE', 'this machine type has no CPU', {
      where: 'query-cpus-fast',
      remedy: 'choose a machine type that creates a CPU, such as q35',
    });
  }
  const cpu = await openQomObject(client, path);
  const [featureWords, filteredFeatures, unavailableFeatures, properties] = await Promise.all([
    readWords(cpu, 'feature-words'),
    readWords(cpu, 'filtered-features'),
    readUnavailableFeatures(cpu),
    readProperties(cpu),
  ]);
  return { path, featureWords, filteredFeatures, unavailableFeatures, properties };
}

async function readWords(cpu: QomReader, property: string): Promise<readonly X86CPUFeatureWordInfo[]> {
  const words = expectList(await cpu.get(property), property);
  return words.map((word, i) => readWord(expectObject(word, `${property}[${i}]`), `${property}[${i}]`));
}

function readWord(word: Readonly<Record<string, unknown>>, where: string): X86CPUFeatureWordInfo {
  const subleaf = word['cpuid-input-ecx'];
  return {
    'cpuid-input-eax': expectInteger(word['cpuid-input-eax'], `${where}.cpuid-input-eax`),
    ...(subleaf === undefined ? {} : { 'cpuid-input-ecx': expectInteger(subleaf, `${where}.cpuid-input-ecx`) }),
    'cpuid-register': readRegister(word['cpuid-register'], `${where}.cpuid-register`),
    features: expectInteger(word['features'], `${where}.features`),
  };
}

function readRegister(value: unknown, where: string): Register {
  if (value === 'EAX' || value === 'EBX' || value === 'ECX' || value === 'EDX') return value;
  throw new AtlasError('QMP_PROTOCOL', `${JSON.stringify(value)} is no register`, { where });
}

async function readUnavailableFeatures(cpu: QomReader): Promise<readonly string[]> {
  const names = expectList(await cpu.get('unavailable-features'), 'unavailable-features');
  return names.map((name) => expectString(name, 'unavailable-features'));
}

const propertyNames = [
  ...['type', 'level', 'min-level', 'xlevel', 'min-xlevel', 'xlevel2', 'min-xlevel2', 'family', 'model', 'stepping'],
  ...[
    'vendor',
    'model-id',
    'phys-bits',
    'guest-phys-bits',
    'host-phys-bits',
    'host-phys-bits-limit',
    'ucode-rev',
    'pmu',
  ],
];

async function readProperties(cpu: QomReader): Promise<LiveCpuProperties> {
  const values = await readQomValues(cpu, propertyNames);
  const integer = (name: string): number | undefined => optional(values.get(name), name, expectInteger);
  const boolean = (name: string): boolean | undefined => optional(values.get(name), name, expectBoolean);
  const string = (name: string): string | undefined => optional(values.get(name), name, expectString);
  return {
    type: expectString(values.get('type'), 'type'),
    level: integer('level'),
    'min-level': integer('min-level'),
    xlevel: integer('xlevel'),
    'min-xlevel': integer('min-xlevel'),
    xlevel2: integer('xlevel2'),
    'min-xlevel2': integer('min-xlevel2'),
    family: integer('family'),
    model: integer('model'),
    stepping: integer('stepping'),
    vendor: string('vendor'),
    'model-id': string('model-id'),
    'phys-bits': integer('phys-bits'),
    'guest-phys-bits': integer('guest-phys-bits'),
    'host-phys-bits': boolean('host-phys-bits'),
    'host-phys-bits-limit': integer('host-phys-bits-limit'),
    'ucode-rev': integer('ucode-rev'),
    pmu: boolean('pmu'),
  };
}

/**
 * Reads many properties of an object at once; those that it does not have are `undefined`.
 * @throws QMP_PROTOCOL, QMP_ERROR, QEMU_DIED, QEMU_TIMEOUT
 */
export async function readQomValues(
  object: QomReader,
  properties: readonly string[],
): Promise<ReadonlyMap<string, unknown>> {
  return new Map(await Promise.all(properties.map(async (name) => [name, await object.get(name)] as const)));
}

function optional<T>(value: unknown, name: string, expect: (value: unknown, where: string) => T): T | undefined {
  return value === undefined ? undefined : expect(value, name);
}
