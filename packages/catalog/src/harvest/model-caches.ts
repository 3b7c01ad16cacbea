import {
  holds,
  indexCatalog,
  type AcceleratorIndex,
  type CacheDescription,
  type CacheSet,
  type Catalog,
  type CatalogIndex,
  type CpuidRegisters,
  type ShareLevel,
  type SmpTopology,
} from '@cpu-atlas/core';
import { readGuestCpuid } from './read-guest-cpuid.ts';

export interface ModelCachesOptions {
  /** For one guest. */
  readonly timeoutMs: number;
  /** Only these models; default all that have caches of their own. */
  readonly models?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

const questions = [
  ...[0, 1, 2, 3].map((subleaf) => ({ leaf: 4, subleaf })),
  { leaf: 0x80000005, subleaf: 0 },
  { leaf: 0x80000006, subleaf: 0 },
];

/** Two of each level, so that the CPUs that share a cache tell which level they share it at. */
const levelSizes: readonly (readonly [ShareLevel, number])[] = [
  ['thread', 1],
  ['core', 2],
  ['module', 4],
  ['die', 8],
  ['socket', 16],
];

/**
 * The caches that models of a QEMU have of their own, by versioned name, as a guest of each is told them: QMP does not tell.
 * It takes a tenth of a second a model, and needs TCG.
 * @throws as {@link readGuestCpuid}; CATALOG_INVALID
 */
export async function harvestModelCaches(
  binary: string,
  catalog: Catalog,
  { timeoutMs, models, signal }: ModelCachesOptions,
): Promise<ReadonlyMap<string, CacheSet>> {
  const index = indexCatalog(catalog);
  const machine = newestPc(index);
  const found = new Map<string, CacheSet>();
  if (index.accelerators.tcg === null || machine === null) return found;
  const hasModules = holds('modulesInTopology', index.release);
  const smp = { sockets: 1, dies: 2, ...(hasModules ? { modules: 2 } : {}), cores: 2, threads: 2 } as const;
  for (const cpu of ownersOfCaches(index, index.accelerators.tcg, machine)) {
    if (models !== undefined && !models.includes(cpu)) continue;
    signal?.throwIfAborted();
    const answers = await readGuestCpuid({
      binary,
      machine: catalog.machines[machine].name,
      cpu: `${cpu}${options(index)}`,
      smp: smp satisfies SmpTopology,
      questions,
      timeoutMs,
    });
    found.set(cpu, describeCaches(answers, holds('cachesSharedByLevel', index.release)));
  }
  return found;
}

/** Levels and a vendor that show every leaf, on top of any model. */
function options({ otherProperties }: CatalogIndex): string {
  const shown = otherProperties.has('x-vendor-cpuid-only-v2') ? ',x-vendor-cpuid-only-v2=off' : '';
  return `,vendor=GenuineIntel,level=0xd,xlevel=0x80000008,l3-cache=on,legacy-cache=off,check=off${shown}`;
}

/** The newest machine type that a plain QEMU starts, which withholds nothing from a model. */
function newestPc({ catalog }: CatalogIndex): number | null {
  const groups = catalog.tcg?.machineGroups ?? [];
  const found = catalog.machines.findIndex(({ name }, at) => groups[at] >= 0 && /^pc-(?:i440fx|q35)-/.test(name));
  return found < 0 ? null : found;
}

/** Models that are no alias there. */
function ownersOfCaches({ catalog }: CatalogIndex, tcg: AcceleratorIndex, machine: number): string[] {
  const group = tcg.source.machineGroups[machine];
  const aliases = tcg.source.aliases[group];
  return catalog.models.flatMap(({ name }, model) => (tcg.hasOwnCaches(model) && aliases[model] < 0 ? [name] : []));
}

const cacheTypes = { 1: 'data', 2: 'instruction', 3: 'unified' } as const;

function describeCaches(answers: readonly CpuidRegisters[], isSharedByLevel: boolean): CacheSet {
  const [l1d, l1i, l2, l3, amdL1, amdL2] = answers;
  const describe = (answer: CpuidRegisters, tag: number): CacheDescription =>
    describeCache(answer, tag, isSharedByLevel);
  return {
    l1d: describe(l1d, amdL1.ECX),
    l1i: describe(l1i, amdL1.EDX),
    l2: describe(l2, amdL2.ECX & 0xfff),
    l3: describe(l3, amdL2.EDX & 0xfff),
  };
}

/** Source: Intel SDM vol. 2A, CPUID, leaf 04H; AMD APM vol. 3, Fn8000_0005 and Fn8000_0006 */
function describeCache(
  { EAX, EBX, ECX, EDX }: CpuidRegisters,
  tag: number,
  isSharedByLevel: boolean,
): CacheDescription {
  const type = EAX & 0x1f;
  const level = (EAX >>> 5) & 7;
  const ids = ((EAX >>> 14) & 0xfff) + 1;
  const share = levelSizes.find(([, size]) => size >= ids)?.[0] ?? 'socket';
  return {
    type: type === 1 || type === 2 ? cacheTypes[type] : cacheTypes[3],
    level,
    lineBytes: (EBX & 0xfff) + 1,
    ways: (EBX >>> 22) + 1,
    partitions: ((EBX >>> 12) & 0x3ff) + 1,
    sets: ECX + 1,
    linesPerTag: (tag >>> 8) & (level === 1 ? 0xff : 0xf),
    isSelfInitializing: (EAX & 0x100) !== 0,
    isNotInvalidated: (EDX & 1) !== 0,
    isInclusive: (EDX & 2) !== 0,
    isComplexIndexed: (EDX & 4) !== 0,
    share: isSharedByLevel ? share : level === 3 ? 'die' : 'core',
  };
}
