export { AtlasError, assertNever, errorTable, type AtlasErrorCode, type FaultDetail } from './errors.ts';
export * from './snapshot/snapshot.ts';
export * from './x86/word-layout.ts';
export {
  bitsOf,
  countFeatures,
  formatHex64,
  fromSparse,
  isEmpty,
  parseHex64,
  popcount,
  toSparse,
} from './x86/feature-set.ts';
export {
  dependencyRecords,
  featureAt,
  featureRecords,
  findFeature,
  findFeatureBits,
  wordRecords,
  type DependencyRecord,
  type FeatureRecord,
  type FeatureRequirement,
  type FeatureWordRecord,
} from './x86/feature-table.ts';
export {
  CpuidTable,
  brandOf,
  parseHex32,
  parseMsr,
  signatureOf,
  vendorOf,
  type CpuidRegisters,
} from './x86/registers.ts';
export * from './catalog/catalog.ts';
export { releaseOf, type QemuRelease } from './catalog/release.ts';
export {
  indexCatalog,
  locateFeature,
  type AcceleratorIndex,
  type CatalogIndex,
  type FeatureLocation,
} from './catalog/catalog-index.ts';
export * from './resolve/resolution.ts';
export { parseCpuArgument, type CpuArgument, type CpuEdit } from './resolve/cpu-argument.ts';
export { createContext, type ResolveContext } from './resolve/context.ts';
export { raisedLevels } from './resolve/levels.ts';
export { isPcMachine } from './resolve/locate-cell.ts';
export { datedRules, holds, type DatedRule, type RuleName } from './resolve/rules.ts';
export { resolve } from './resolve/resolve.ts';
export { checkHostModel, explain, type Explanation, type HostSelfCheck } from './resolve/explain.ts';
export {
  cellStatus,
  computeHostMatrix,
  type CellStatus,
  type HostMatrix,
  type MatrixColumn,
  type MatrixModel,
  type MatrixRequest,
} from './matrix/host-matrix.ts';
export { familyOf, newestFirst, type ModelFamily } from './matrix/model-families.ts';
