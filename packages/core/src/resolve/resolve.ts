import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import { isEmpty } from '../x86/feature-set.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { checkAccelerator, checkBeforeRealize, checkStart, startWarnings } from './check-start.ts';
import { computeWords, type Words } from './compute-words.ts';
import { configureCpu, type ConfiguredCpu } from './cpu-edits.ts';
import { parseCpuArgument, type CpuArgument } from './cpu-argument.ts';
import type { ResolveContext } from './context.ts';
import type { HostSupport } from './host-support.ts';
import { applyHostIdentity, resolveAddressBits, resolveIdentity, resolveLevels, type AddressBits } from './identity.ts';
import { effectiveIrqchip, hasExtDestIdDefault, isPcMachine, locateCell, withheldFeatures, type Cell } from './locate-cell.ts';
import { formatFeatureWords, formatMsrWords } from './feature-words.ts';
import { filterProcessorTrace } from './processor-trace.ts';
import type { KernelIrqchip, Refusal, Resolution, ResolutionRequest, ResolutionStatus, SmpTopology } from './resolution.ts';
import { unavailableNames, warningLines } from './warnings.ts';

const dependencyPrefix = 'This feature depends on other features that were not requested';

/** Named models get x2apic and the KVM defaults from the accelerator; what an irqchip changes of that. */
export function startingFeatures(index: CatalogIndex, cell: Cell, irqchip: KernelIrqchip): FeatureSet {
  const { accelerator, row, kind } = cell;
  const features = accelerator.features[accelerator.source.rows[row][0]].slice();
  if (kind !== 'defined' || !('irqchipDefault' in accelerator.source)) return features;
  const extDestId = index.features.get('kvm-msi-ext-dest-id');
  if (extDestId) {
    if (hasExtDestIdDefault(cell, irqchip)) features[extDestId.lane] |= extDestId.mask;
    else features[extDestId.lane] &= ~extDestId.mask;
  }
  const x2apic = index.features.get('x2apic');
  if (irqchip === 'off' && x2apic) features[x2apic.lane] &= ~x2apic.mask;
  return features;
}

/** Properties that the machine type sets on every CPU, after the user. */
function forcedProperties({ accelerator, group }: Cell): PropertyValues {
  return accelerator.source.forcesHostPhysBits[group] ? { 'host-phys-bits': true } : {};
}

const positive = (value: number | undefined): number => Math.max(1, value ?? 1);

/** Threads of one package of a topology of which parts may be left out. */
function threadsPerPackage(smp: SmpTopology | undefined): number {
  if (smp === undefined) return 1;
  const explicit = positive(smp.dies) * positive(smp.clusters) * positive(smp.modules) * positive(smp.cores) * positive(smp.threads);
  const isGiven = smp.cores !== undefined || smp.threads !== undefined || smp.dies !== undefined || smp.modules !== undefined;
  // Machine types since 6.2 fill the cores before the sockets.
  return isGiven ? explicit : smp.sockets === undefined ? positive(smp.cpus) : Math.max(1, Math.floor(positive(smp.cpus) / smp.sockets));
}

function hasExtendedTopology(smp: SmpTopology | undefined): boolean {
  return positive(smp?.dies) > 1 || positive(smp?.modules) > 1;
}

function statusOf(words: Words, refusal: Refusal | null, hasUnknown: boolean, extraFiltered: boolean): ResolutionStatus {
  if (refusal) return 'refused';
  if (hasUnknown) return 'unknown';
  return isEmpty(words.filtered) && !extraFiltered ? 'runnable' : 'filtered';
}

function checkLines(index: CatalogIndex, request: ResolutionRequest, words: Words, properties: PropertyValues): string[] {
  const dependency = warningLines(index, dependencyPrefix, words.dropped);
  if (properties.check === false && properties.enforce !== true) return dependency;
  const prefix = `${request.accel === 'tcg' ? 'TCG' : 'host'} doesn't support requested feature`;
  const own = words.filtered.map((lane, i) => lane & ~((words.dropped[i] | words.conflicting[i]) & ~words.requested[i]));
  return [...dependency, ...warningLines(index, prefix, own), ...avx10Lines(index, prefix, words, properties)];
}

/** A version of AVX10 without avx10 itself is reported apart. Source: QEMU 10.0, GraniteRapids-v2 on a host without AVX10 */
function avx10Lines(index: CatalogIndex, prefix: string, words: Words, properties: PropertyValues): string[] {
  return lacksAvx10(index, words, properties) ? [`warning: ${prefix}: avx10.${String(properties['avx10-version'])}.`] : [];
}

function lacksAvx10(index: CatalogIndex, words: Words, properties: PropertyValues): boolean {
  const version = properties['avx10-version'];
  const avx10 = index.features.get('avx10');
  return typeof version === 'number' && version > 0 && avx10 !== undefined && (words.effective[avx10.lane] & avx10.mask) === 0;
}

function describeUnknowns(context: ResolveContext, request: ResolutionRequest, words: Words, unknownProperties: readonly string[]): string[] {
  const unknowns: string[] = [];
  if (!isEmpty(words.undecided)) {
    const names = unavailableNames(context.index, context.components, words.undecided);
    const why = context.facts.kvmUnknown ?? context.facts.hardwareUnknown;
    const reason = request.accel === 'tcg' ? 'this QEMU was not seen with TCG' : (why?.reason ?? 'a layer was not observed');
    unknowns.push(`${names.length} requested features cannot be told (${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''}): ${reason}`);
  }
  if (request.cpu.startsWith('host') || request.cpu.startsWith('max'))
    unknowns.push(...unknownProperties.map((name) => `${name} of the host CPU is not known`));
  return unknowns;
}

/** A cell up to the point where only its words are known: what the matrix counts. */
export interface SettledCell {
  readonly cell: Cell;
  readonly irqchip: KernelIrqchip;
  readonly support: HostSupport;
  readonly configured: ConfiguredCpu;
  readonly words: Words;
  readonly vendor: string | null;
  /** Refused before any feature is looked at. */
  readonly early: Refusal | null;
  /** Properties that the host decides and that are not known. */
  readonly unknownProperties: readonly string[];
}

/** Takes a cell through configuration, expansion and filtering. @throws CPU_PROPERTY_UNKNOWN, CPU_PROPERTY_INVALID */
export function settleCell(context: ResolveContext, request: ResolutionRequest, cell: Cell, argument: CpuArgument): SettledCell {
  const { index } = context;
  const { accel } = request;
  const isMax = cell.kind === 'host' || cell.kind === 'max';
  const irqchip = effectiveIrqchip(cell, request.kernelIrqchip);
  const support = context.support(accel, irqchip, isPcMachine(index.catalog.machines[cell.machine].name));
  const early = checkAccelerator(context, cell);
  const defined = { ...cell, row: early?.row ?? cell.row };
  const host = applyHostIdentity(context, cell, accel, cell.accelerator.propertiesOf(cell.group, defined.row));
  const start = { features: startingFeatures(index, defined, irqchip), properties: host.properties };
  const configured = configureCpu(index, start, argument, isMax, forcedProperties(cell));
  const { properties, touched } = configured;
  const isVendorUnknown = host.unknowns.includes('vendor') && !configured.named.has('vendor');
  const vendor = isVendorUnknown ? null : typeof properties.vendor === 'string' ? properties.vendor : '';
  const withheld = withheldFeatures(index, cell);
  const input = {
    accel,
    isMax,
    features: configured.features,
    properties,
    vendor: vendor ?? '',
    touched: touched.map((lane, i) => lane | withheld[i]),
    byUser: touched,
    threadsPerPackage: threadsPerPackage(request.smp),
  };
  const isForced = properties['x-force-features'] === true;
  const words = filterProcessorTrace(context, accel, computeWords(context, input, support), isForced);
  const unknownProperties = host.unknowns.filter((name) => !configured.named.has(name));
  return { cell, irqchip, support, configured, words, vendor, early: early?.refusal ?? null, unknownProperties };
}

/** Whether a settled cell starts, and with everything it asks for. */
export interface CellOutcome {
  readonly status: ResolutionStatus;
  readonly refusal: Refusal | null;
  /** Refused before QEMU warns of anything. */
  readonly isSilent: boolean;
  readonly address: AddressBits;
  readonly unknowns: readonly string[];
  /** Something is filtered, so that `enforce` would refuse. */
  readonly wouldRefuse: boolean;
}

export function judgeCell(context: ResolveContext, request: ResolutionRequest, settled: SettledCell): CellOutcome {
  const { words, configured, irqchip } = settled;
  const { properties } = configured;
  const address = resolveAddressBits(context, request.accel, words.effective, properties);
  const extraFiltered = lacksAvx10(context.index, words, properties);
  const unknowns = describeUnknowns(context, request, words, settled.unknownProperties);
  const wouldRefuse = !isEmpty(words.filtered) || extraFiltered;
  const start = { context, request, properties, words, address, irqchip, wouldRefuse };
  const silent = checkBeforeRealize(start);
  const refusal = silent ?? settled.early ?? checkStart(start);
  const status = statusOf(words, refusal, unknowns.length > 0, extraFiltered);
  return { status, refusal, isSilent: silent !== null, address, unknowns, wouldRefuse };
}

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
  const { cell, configured, words, vendor, irqchip } = settled;
  const { properties } = configured;
  const isMax = cell.kind === 'host' || cell.kind === 'max';
  const outcome = judgeCell(context, request, settled);
  const { refusal, address, unknowns, wouldRefuse } = outcome;
  const levels = resolveLevels(context, {
    requested: words.requested,
    properties,
    vendor: vendor ?? '',
    hasExtendedTopology: hasExtendedTopology(request.smp),
  });
  const identity = resolveIdentity(properties, vendor, isMax, configured.assignedOn.has('lm'));
  const alias = cell.accelerator.source.aliases[cell.group][cell.model];
  const { catalog } = index;
  const start = { context, request, properties, words, address, irqchip, wouldRefuse };
  const isDefaultIrqchip = request.kernelIrqchip === undefined && request.accel === 'kvm';
  return {
    status: outcome.status,
    accel: request.accel,
    machine: catalog.machines[cell.machine].name,
    cpu: request.cpu,
    cpuModel: catalog.models[cell.model].name,
    ...(alias >= 0 ? { aliasOf: catalog.models[alias].name } : {}),
    featureWords: formatFeatureWords(index.layout, words.effective),
    filteredFeatures: formatFeatureWords(index.layout, words.filtered),
    msrFeatures: formatMsrWords(index.layout, words.effective, words.filtered),
    unavailableFeatures: unavailableNames(index, context.components, words.filtered),
    warnings: [
      ...configured.warnings,
      ...(outcome.isSilent ? [] : checkLines(index, request, words, properties)),
      ...(outcome.isSilent ? [] : address.warnings),
      ...(outcome.isSilent ? [] : startWarnings(start, vendor ?? '')),
    ],
    ...(refusal ? { refusal } : {}),
    enforce: enforceVerdict(outcome),
    properties: {
      type: `${catalog.models[cell.model].name}-x86_64-cpu`,
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
    unknowns,
    assumptions: [
      ...(isDefaultIrqchip ? [`kernel-irqchip=${irqchip}, the default of this machine type`] : []),
      ...(vendor === null ? ['the vendor of the host CPU is not known; no feature of a named model depends on it'] : []),
    ],
  };
}

function enforceVerdict({ wouldRefuse, refusal, unknowns }: CellOutcome): Resolution['enforce'] {
  if (wouldRefuse || (refusal !== null && refusal.by !== 'abort')) return 'refuses';
  return unknowns.length > 0 ? 'unknown' : 'starts';
}

/**
 * Says what a guest would see: the answer of the real QEMU to `-machine M -accel A -cpu X` on that host.
 * @throws CPU_STRING_INVALID, CPU_MODEL_UNKNOWN, CPU_PROPERTY_UNKNOWN, CPU_PROPERTY_INVALID, MACHINE_TYPE_UNKNOWN,
 *   ACCELERATOR_UNKNOWN, CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function resolve(context: ResolveContext, request: ResolutionRequest): Resolution {
  return resolveCell(context, request).resolution;
}

