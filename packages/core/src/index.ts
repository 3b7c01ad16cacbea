export { AtlasError, assertNever, errorTable, type AtlasErrorCode, type FaultDetail } from './errors.ts';
export * from './snapshot/snapshot.ts';
export { canonicalJson } from './canonical-json.ts';
export { formatCpuList } from './snapshot/cpu-list.ts';
export {
  viewRegisters,
  type BitView,
  type Presence,
  type RegisterSource,
  type RegisterView,
  type RegistersView,
} from './resolve/register-view.ts';
export { fingerprintText } from './snapshot/fingerprint.ts';
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
export { perCpuMasks } from './x86/per-cpu-masks.ts';
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
export * from './resolve/guest-cpuid/index.ts';
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
export { changeCauses, compareLayers, type ChangeCause, type LayerChange } from './matrix/compare-layers.ts';
export {
  compareSnapshots,
  type ModelChange,
  type ModelTurn,
  type SnapshotComparison,
} from './matrix/compare-snapshots.ts';
export { classifyCells, type CellClasses, type MachineGroup } from './matrix/cell-classes.ts';
export { planClasses, planInSteps, type ClassPlan } from './matrix/word-classes.ts';
export { ColumnComputer, type CubeColumn } from './matrix/cube-column.ts';
export { decodeColumn, encodeColumn, type ColumnShape } from './matrix/cube-column-bytes.ts';
export {
  foldSheet,
  hostFreshness,
  notOfferedClass,
  type Cube,
  type CubeHosts,
  type CubeSheet,
  type FoldedSheet,
  type HostFreshnessState,
  type SheetQemu,
} from './matrix/cube.ts';
export { decodeCube } from './matrix/cube-decode.ts';
export { encodeCube } from './matrix/cube-encode.ts';
export { cubeMediaType } from './matrix/cube-form.ts';
export { pivotCube, type CubePivot, type PivotAxes, type PivotAxis, type PivotRequest } from './matrix/pivot-cube.ts';
export { type PivotItem, type PivotSelection } from './matrix/pivot-axes.ts';
export {
  pivotFeatures,
  supportStates,
  type FeaturePivot,
  type FeaturePivotRequest,
  type SupportState,
} from './matrix/pivot-features.ts';
export { compareNames, familyOf, newestFirst, type ModelFamily } from './matrix/model-families.ts';
export {
  indexCpuMap,
  type LibvirtBits,
  type LibvirtCpuMap,
  type LibvirtFeature,
  type LibvirtMapIndex,
  type LibvirtModel,
  type LibvirtSignature,
  type LibvirtVendor,
} from './plan/libvirt/cpu-map.ts';
export { type FeaturePolicy, type LibvirtCpu, type LibvirtCpuFeature } from './plan/libvirt/cpu-definition.ts';
export { decodeCpu, type DecodedCpu, type DecodeInput, type OfferedModel } from './plan/libvirt/decode-cpu.ts';
export { baselineCpus, type LibvirtBaselineOptions } from './plan/libvirt/baseline-cpus.ts';
export { compareCpus, type CompareOutcome, type LibvirtComparison } from './plan/libvirt/compare-cpus.ts';
export { expandCpu, hostHasFeature, migratableCopy, translateCpu, updateCpu } from './plan/libvirt/expand-cpu.ts';
export { bitsOfQemuFeatures, bitsOfRegisters, libvirtNameOf } from './plan/libvirt/observed-bits.ts';
export { decodeLimits, decodeText } from './decode/decode-text.ts';
export {
  messageSources,
  type DecodedFeature,
  type DecodedLayer,
  type DecodedMessage,
  type Decoding,
  type MessageSource,
} from './decode/decoding.ts';
export * from './plan/fleet-planner.ts';
export {
  drawValue,
  isOutcome,
  outcomeGlyphs,
  outcomeOf,
  outcomeWords,
  writeValue,
  type OutcomeValue,
  type Report,
  type ReportColumn,
  type ReportFact,
  type ReportTable,
  type ReportValue,
} from './export/report.ts';
export { reportFormats, type TextReportFormat } from './export/report-formats.ts';
export { disarm } from './export/write-csv.ts';
export { abiReach, listAbiLevels, type AbiLevelRecord, type AbiReach } from './plan/abi-level.ts';
export { judgePreset, listPresets, type PresetRecord, type PresetVerdict } from './plan/presets.ts';
export {
  judgeSecurityFlags,
  listSecurityFlags,
  type JudgedFlag,
  type SecurityFlagRecord,
  type SecurityInput,
  type SecurityVerdict,
} from './plan/security-flags.ts';
export { compilePolicy, policyTargets, type PolicyTargetName } from './export/policy/compile-policy.ts';
export type { CompiledPolicy, CpuPolicy, LintFinding, LintSeverity, PolicyFeature } from './export/policy/policy.ts';
export * from './plan/fleet-baseline.ts';
export {
  isDefinedModel,
  listMachinesOf,
  listVersions,
  readDefinition,
  unversionedName,
  type ModelDefinition,
  type ModelOffer,
  type ModelVersion,
} from './plan/model-definitions.ts';
export { refereeCpuMap, type Disagreement, type DisputedBit, type Referee } from './plan/libvirt/referee.ts';
export {
  featureNeeds,
  modelReach,
  type FeatureNeed,
  type ModelReach,
  type ReachRequest,
} from './matrix/model-reach.ts';
export {
  compareFeatures,
  definedFeatures,
  guestFeatures,
  offeredFeatures,
  type ComparedFeature,
  type ComparedSide,
  type FeatureComparison,
  type FeatureSide,
} from './matrix/compare-features.ts';
export { reportMatrices, type MatrixOfHost, type MatrixSelection } from './export/reports/matrix-report.ts';
export { reportPivot, type PivotReportRequest } from './export/reports/pivot-report.ts';
export { reportComparison } from './export/reports/comparison-report.ts';
export { reportBaseline, reportChoices } from './export/reports/plan-report.ts';
export { reportHosts, type HostLine } from './export/reports/host-list-report.ts';
export { reportModels, reportReferee, reportStability } from './export/reports/definition-reports.ts';
export { reportSecurity, type SecurityGroup } from './export/reports/security-report.ts';
export { type ReportHost, type ReportOrigin } from './export/reports/report-origin.ts';
export {
  judgeGuestSecurity,
  vulnerabilitiesOf,
  type GuestFlag,
  type GuestFlagVerdict,
  type GuestSecurity,
} from './plan/security-guest.ts';
