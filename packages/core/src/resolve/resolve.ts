import type { FeatureSet } from '../x86/word-layout.ts';
import { formatFeatureWords, formatMsrWords } from './feature-words.ts';
import { parseCpuArgument } from './cpu-argument.ts';
import type { ResolveContext } from './context.ts';
import { resolveIdentity, resolveLevels } from './identity.ts';
import { locateCell } from './locate-cell.ts';
import type { Resolution, ResolutionRequest } from './resolution.ts';
import { settleCell, type SettledCell } from './settle-cell.ts';
import { describeUnknowns, judgeCell, listWarnings, type CellOutcome } from './start-sequence.ts';
import { unavailableNames } from './warnings.ts';
import type { Words } from './words.ts';

/** A resolution with the sets it was made from, for explaining it. */
export interface ResolvedCell extends SettledCell {
  readonly resolution: Resolution;
}

/** Resolves one cell and keeps the sets. @throws as {@link resolve} */
export function resolveCell(context: ResolveContext, request: ResolutionRequest): ResolvedCell {
  const argument = parseCpuArgument(request.cpu);
  const cell = locateCell(context.index, request.accel, request.machine, argument.model);
  const settled = settleCell(context, request, cell, argument);
  return { ...settled, resolution: assemble(context, request, settled) };
}

function assemble(context: ResolveContext, request: ResolutionRequest, settled: SettledCell): Resolution {
  const { index } = context;
  const { catalog, layout } = index;
  const { cell, words } = settled;
  const outcome = judgeCell(context, request, settled);
  const alias = cell.accelerator.source.aliases[cell.group][cell.model];
  return {
    status: outcome.status,
    accel: request.accel,
    machine: catalog.machines[cell.machine].name,
    cpu: request.cpu,
    cpuModel: catalog.models[cell.model].name,
    ...(alias >= 0 ? { aliasOf: catalog.models[alias].name } : {}),
    featureWords: formatFeatureWords(layout, words.effective),
    filteredFeatures: formatFeatureWords(layout, words.filtered),
    msrFeatures: formatMsrWords(layout, words.effective, words.filtered),
    unavailableFeatures: unavailableNames(index, context.components, words.filtered),
    warnings: listWarnings(outcome.start),
    ...(outcome.refusal ? { refusal: outcome.refusal } : {}),
    enforce: enforceVerdict(outcome),
    ...describeCpu(context, outcome),
    unknowns: describeUnknowns(outcome.start),
    assumptions: listAssumptions(request, settled),
  };
}

type CpuDescription = Pick<
  Resolution,
  'properties' | 'level' | 'xlevel' | 'xlevel2' | 'vendor' | 'family' | 'model' | 'stepping' | 'modelId' | 'levelRaises'
>;

/** What the CPU object shows beside its feature words. */
function describeCpu(context: ResolveContext, { start }: CellOutcome): CpuDescription {
  const { settled, address } = start;
  const { cell, configured, words, vendor, topology } = settled;
  const { properties } = configured;
  const isMax = cell.kind === 'host' || cell.kind === 'max';
  const { dies, modules } = topology.topology;
  const hasExtendedTopology = dies > 1 || modules > 1;
  const levels = resolveLevels(context, {
    requested: raisingFeatures(context, words),
    properties,
    vendor: vendor ?? '',
    hasExtendedTopology,
  });
  const identity = resolveIdentity(context, properties, vendor, { isMax, is64Bit: configured.assignedOn.has('lm') });
  return {
    properties: {
      type: `${context.index.catalog.models[cell.model].name}-x86_64-cpu`,
      ...levels.values,
      ...identity,
      'phys-bits': address.physBits,
      'guest-phys-bits': address.guestPhysBits,
    },
    level: levels.values.level,
    xlevel: levels.values.xlevel,
    xlevel2: levels.values.xlevel2,
    vendor: identity.vendor,
    family: identity.family,
    model: identity.model,
    stepping: identity.stepping,
    modelId: identity['model-id'],
    levelRaises: levels.raises,
  };
}

/** What raises the levels: an intel-pt that is filtered for want of a level has raised it as far as its own leaf. */
function raisingFeatures({ index }: ResolveContext, { requested, traceLacksLevel }: Words): FeatureSet {
  const trace = index.features.get('intel-pt');
  if (!traceLacksLevel || trace === undefined) return requested;
  const raising = requested.slice();
  raising[trace.lane] |= trace.mask;
  return raising;
}

function listAssumptions(request: ResolutionRequest, { irqchip, vendor }: SettledCell): string[] {
  const isDefaultIrqchip = request.kernelIrqchip === undefined && request.accel === 'kvm';
  return [
    ...(isDefaultIrqchip ? [`kernel-irqchip=${irqchip}, the default of this machine type`] : []),
    ...(vendor === null ? ['the vendor of the host CPU is not known; no feature of a named model depends on it'] : []),
  ];
}

function enforceVerdict({ start, refusal, hasUnknown }: CellOutcome): Resolution['enforce'] {
  if (start.wouldRefuse || (refusal !== null && refusal.by !== 'abort')) return 'refuses';
  return hasUnknown ? 'unknown' : 'starts';
}

/**
 * Says what a guest would see: the answer of the real QEMU to `-machine M -accel A -cpu X` on that host.
 * @throws CPU_STRING_INVALID, CPU_MODEL_UNKNOWN, CPU_PROPERTY_UNKNOWN, CPU_PROPERTY_INVALID, MACHINE_TYPE_UNKNOWN,
 *   ACCELERATOR_UNKNOWN, CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function resolve(context: ResolveContext, request: ResolutionRequest): Resolution {
  return resolveCell(context, request).resolution;
}
