import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { computeWords } from './compute-words.ts';
import type { WordSets, Words } from './words.ts';
import type { ResolveContext } from './context.ts';
import type { CpuArgument } from './cpu-argument.ts';
import { configureCpu, type ConfiguredCpu } from './cpu-edits.ts';
import type { HostSupport } from './host-support.ts';
import { applyHostIdentity } from './identity.ts';
import { effectiveIrqchip, hasExtDestIdDefault, isPcMachine, withheldFeatures, type Cell } from './locate-cell.ts';
import type { KernelIrqchip, ResolutionRequest } from './resolution.ts';
import { resolveTopology, threadsPerPackage, type ResolvedTopology } from './topology.ts';

/** A cell up to the point where its words are known. */
export interface SettledCell {
  readonly cell: Cell;
  readonly irqchip: KernelIrqchip;
  readonly topology: ResolvedTopology;
  readonly support: HostSupport;
  readonly configured: ConfiguredCpu;
  readonly words: Words;
  /** null: the host's, which is not known. */
  readonly vendor: string | null;
  /** Properties that the host decides and that are not known. */
  readonly unknownProperties: readonly string[];
}

/** Named models get x2apic and the KVM defaults from the accelerator; what an irqchip changes of that. */
function startingFeatures(index: CatalogIndex, cell: Cell, irqchip: KernelIrqchip): FeatureSet {
  const { accelerator, row, kind } = cell;
  const defined = accelerator.features[accelerator.source.rows[row][0]];
  if (kind !== 'defined' || !('irqchipDefault' in accelerator.source)) return defined;
  const extDestId = index.features.get('kvm-msi-ext-dest-id');
  const x2apic = index.features.get('x2apic');
  const isWrong =
    extDestId && ((defined[extDestId.lane] & extDestId.mask) !== 0) !== hasExtDestIdDefault(cell, irqchip);
  if (!isWrong && irqchip !== 'off') return defined;
  const features = defined.slice();
  if (isWrong) features[extDestId.lane] ^= extDestId.mask;
  if (irqchip === 'off' && x2apic) features[x2apic.lane] &= ~x2apic.mask;
  return features;
}

/** Properties that the machine type sets on every CPU, after the user; null: none. */
function forcedProperties({ accelerator, group }: Cell): PropertyValues | null {
  return accelerator.source.forcesHostPhysBits[group] ? { 'host-phys-bits': true } : null;
}

/** A model that the accelerator does not offer (`host` without KVM) goes the way of `max` until QEMU refuses it. */
function standIn({ index }: ResolveContext, cell: Cell): Cell {
  if (cell.row >= 0) return cell;
  const max = index.modelByName.get('max');
  return { ...cell, row: max === undefined ? 0 : cell.accelerator.source.groups[cell.group][max] };
}

/**
 * Takes a cell through configuration, expansion and filtering, in memory of its own or in `sets`.
 * @throws CPU_PROPERTY_UNKNOWN, CPU_PROPERTY_INVALID
 */
export function settleCell(
  context: ResolveContext,
  request: ResolutionRequest,
  cell: Cell,
  argument: CpuArgument,
  sets?: WordSets,
): SettledCell {
  const { index } = context;
  const { accel } = request;
  const machine = index.catalog.machines[cell.machine];
  const isMax = cell.kind === 'host' || cell.kind === 'max';
  const irqchip = effectiveIrqchip(cell, request.kernelIrqchip);
  const topology = resolveTopology(request.smp, machine, index.release);
  const support = context.support(accel, irqchip, isPcMachine(machine.name));
  const defined = standIn(context, cell);
  const host = applyHostIdentity(context, cell, accel, cell.accelerator.propertiesOf(cell.group, defined.row));
  const start = { features: startingFeatures(index, defined, irqchip), properties: host.properties };
  const configured = configureCpu(index, start, argument, isMax, forcedProperties(cell));
  const { properties, touched } = configured;
  const vendor = configured.named.has('vendor') ? String(properties.vendor) : host.vendor;
  const input = {
    accel,
    isMax,
    features: configured.features,
    properties,
    vendor: vendor ?? '',
    withheld: isMax ? withheldFeatures(index, cell) : null,
    byUser: touched,
    threadsPerPackage: threadsPerPackage(topology.topology),
  };
  const words = computeWords(context, input, support, sets);
  const unknownProperties = host.unknowns.filter((name) => !configured.named.has(name));
  return { cell, irqchip, topology, support, configured, words, vendor, unknownProperties };
}
