/**
 * Compiles only while the schemas name exactly the keys of the core's types: a key that core gains and a schema lacks
 * would be dropped silently from every file that is read.
 */
import type * as core from '@cpu-atlas/core';
import type * as catalog from './catalog.ts';
import type * as resolution from './resolution.ts';
import type * as snapshot from './snapshot.ts';
import type { z } from './zod.ts';

type Keys<T> = T extends unknown ? keyof T : never;
type SameKeys<Schema extends z.ZodType, T> = [
  Exclude<Keys<z.output<Schema>>, Keys<T>>,
  Exclude<Keys<T>, Keys<z.output<Schema>>>,
] extends [never, never]
  ? true
  : { onlyInSchema: Exclude<Keys<z.output<Schema>>, Keys<T>>; onlyInCore: Exclude<Keys<T>, Keys<z.output<Schema>>> };
type Expect<T extends true> = T;

export type ShapeChecks = [
  Expect<SameKeys<typeof snapshot.hostSnapshotSchema, core.HostSnapshot>>,
  Expect<SameKeys<typeof snapshot.hardwareLayerSchema, core.HardwareLayer>>,
  Expect<SameKeys<typeof snapshot.kernelLayerSchema, core.KernelLayer>>,
  Expect<SameKeys<typeof snapshot.kvmLayerSchema, core.KvmLayer>>,
  Expect<SameKeys<typeof snapshot.cpuidEntrySchema, core.CpuidEntry>>,
  Expect<SameKeys<typeof snapshot.cpuGroupSchema, core.CpuGroup>>,
  Expect<SameKeys<typeof snapshot.featureMsrSchema, core.FeatureMsr>>,
  Expect<SameKeys<typeof snapshot.qemuBinarySchema, core.QemuBinary>>,
  Expect<SameKeys<typeof snapshot.unreadQemuSchema, core.UnreadQemu>>,
  Expect<SameKeys<typeof catalog.catalogSchema, core.Catalog>>,
  Expect<SameKeys<typeof catalog.wordSpecSchema, core.WordSpec>>,
  Expect<SameKeys<typeof catalog.featurePropertySchema, core.FeatureProperty>>,
  Expect<SameKeys<typeof catalog.featureDependencySchema, core.FeatureDependency>>,
  Expect<SameKeys<typeof catalog.featureExclusionSchema, core.FeatureExclusion>>,
  Expect<SameKeys<typeof catalog.otherPropertySchema, core.OtherProperty>>,
  Expect<SameKeys<typeof catalog.machineTypeSchema, core.MachineType>>,
  Expect<SameKeys<typeof catalog.cpuModelInfoSchema, core.CpuModelInfo>>,
  Expect<SameKeys<typeof catalog.kvmCatalogSchema, core.KvmCatalog>>,
  Expect<SameKeys<typeof catalog.tcgCatalogSchema, core.TcgCatalog>>,
  Expect<SameKeys<typeof resolution.resolutionRequestSchema, core.ResolutionRequest>>,
  Expect<SameKeys<typeof resolution.smpTopologySchema, core.SmpTopology>>,
  Expect<SameKeys<typeof resolution.resolutionSchema, core.Resolution>>,
  Expect<SameKeys<typeof resolution.resolvedPropertiesSchema, core.ResolvedProperties>>,
  Expect<SameKeys<typeof resolution.featureVerdictSchema, core.FeatureVerdict>>,
  Expect<SameKeys<typeof resolution.blockerSchema, core.Blocker>>,
  Expect<SameKeys<typeof resolution.refusalSchema, core.Refusal>>,
  Expect<SameKeys<typeof resolution.levelRaiseSchema, core.LevelRaise>>,
  Expect<SameKeys<typeof resolution.featureWordInfoSchema, core.X86CPUFeatureWordInfo>>,
];
