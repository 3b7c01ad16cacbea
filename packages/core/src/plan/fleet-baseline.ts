/** What baselines, stability and custom models offer to the outside. */
export type {
  Baseline,
  BaselineRequest,
  BetterModel,
  LineVerdict,
  SilentHost,
  VendorBaseline,
} from './baseline-answer.ts';
export { baselineModes, type BaselineMode } from './baseline-features.ts';
export type { AccumulatedFeature, DroppedFeature } from './baseline-losses.ts';
export { commonMachine, cpuLine, type EditedModel } from './baseline-model.ts';
export { findBaseline, findBaselineInSteps } from './baseline.ts';
export {
  abiChangesBetween,
  byRelease,
  findAbiChanges,
  machineVersion,
  modelSteps,
  type DefinitionDifference,
  type GuestAbiChange,
  type ModelStep,
  type NamedBit,
  type PropertyChange,
} from './stability.ts';
export { listNameHistories, type NameHistory } from './stability-names.ts';
export {
  checkCustomModel,
  cpuArgumentOf,
  resolveCustomModel,
  type CustomModel,
  type CustomModelFinding,
  type ResolvedCustomModel,
} from './custom-model.ts';
export { formatProxmoxModels, parseCpudefModels, parseProxmoxModels } from './custom-model-files.ts';
export {
  compareStart,
  describeHost,
  usabilityOf,
  type LibvirtHost,
  type LibvirtUsability,
  type StartComparison,
} from './libvirt/host-view.ts';
