import {
  abiReach,
  createContext,
  definedFeatures,
  explain,
  familyOf,
  guestFeatures,
  isUnknown,
  offeredFeatures,
  readDefinition,
} from '@cpu-atlas/core';
import type { Accelerator, CatalogIndex, ComparedSide, HostSnapshot, ResolveContext } from '@cpu-atlas/core';
import { outcomeWords, statusOutcome } from '../../matrix/cell.ts';

/** What is told of each thing besides its features, in this order. */
export const factTerms = [
  'Outcome',
  'CPU',
  'Vendor',
  'Signature',
  'ABI level',
  'Features',
  'Highest leaf',
  'Highest extended leaf',
  'Physical addresses',
  'Stands for',
  'Microcode',
  'Kernel',
  'QEMU installed',
  'Probed',
] as const;
export type FactTerm = (typeof factTerms)[number];

/** Facts of one thing; what is absent does not apply to it. */
export type Facts = Partial<Readonly<Record<FactTerm, string>>>;

export interface ThingBody {
  readonly facts: Facts;
  readonly features: ComparedSide;
}

/** What holds for everything in a comparison. */
export interface Ground {
  readonly index: CatalogIndex;
  readonly accel: Accelerator;
  /** For what has no machine type of its own. */
  readonly machine: string;
}

const unknown = 'unknown';

/** A host: what its accelerator offers to any guest. @throws as `explain` */
export function describeHost({ index, accel, machine }: Ground, snapshot: HostSnapshot): ThingBody {
  const context = createContext(index, snapshot);
  const cpu = accel === 'kvm' ? 'host' : 'max';
  const features = offeredFeatures(explain(context, { accel, machine, cpu }));
  return {
    facts: {
      ...hostFacts(context),
      'ABI level': writeAbi(features),
      Features: countPresent(features),
      ...layerFacts(snapshot),
    },
    features,
  };
}

function hostFacts({ facts: { brand, vendor, signature } }: ResolveContext): Facts {
  return {
    CPU: brand?.trim() ?? unknown,
    Vendor: vendor ?? unknown,
    Signature: signature === null ? unknown : writeSignature(signature),
  };
}

function layerFacts({ hardware, kernel, qemu, collectedAt }: HostSnapshot): Facts {
  const isSeen = hardware !== undefined && !isUnknown(hardware);
  return {
    Microcode: isSeen ? (hardware.microcode ?? unknown) : unknown,
    Kernel: kernel === undefined || isUnknown(kernel) ? unknown : kernel.release,
    'QEMU installed': qemu === undefined ? unknown : qemu.map(({ version }) => version).join(', ') || 'none',
    Probed: collectedAt,
  };
}

/** A model on the machine type of the comparison: what it asks for. */
export function describeModel({ index, accel, machine }: Ground, model: string): ThingBody {
  const definition = readDefinition(index, accel, { model, machine });
  const features = definedFeatures(
    index.catalog.features.map(({ name }) => name),
    definition?.features ?? null,
  );
  const vendor: unknown = definition?.properties.vendor;
  return {
    facts: {
      Vendor: typeof vendor === 'string' && vendor !== '' ? vendor : familyOf(model).vendor,
      'ABI level': definition === null ? unknown : writeAbi(features),
      Features: definition === null ? unknown : countPresent(features),
      ...(definition === null ? {} : { 'Stands for': definition.aliasOf ?? 'itself' }),
    },
    features,
  };
}

/** A model on a machine type of a host: what a guest sees. @throws as `explain` */
export function describeCell(
  { index, accel }: Ground,
  snapshot: HostSnapshot,
  cell: { readonly model: string; readonly machine: string },
): ThingBody {
  const explanation = explain(createContext(index, snapshot), { accel, machine: cell.machine, cpu: cell.model });
  const { resolution } = explanation;
  const features = guestFeatures(explanation);
  const physBits = resolution.properties['phys-bits'];
  const lost = new Set(resolution.unavailableFeatures).size;
  return {
    facts: {
      Outcome: `${outcomeWords[statusOutcome(resolution.status)]}${lost === 0 ? '' : ` (${lost})`}`,
      CPU: resolution.modelId.trim(),
      Vendor: resolution.vendor,
      Signature: writeSignature(resolution),
      'ABI level': writeAbi(features),
      Features: countPresent(features),
      'Highest leaf': writeHex(resolution.level),
      'Highest extended leaf': writeHex(resolution.xlevel),
      'Physical addresses': physBits === null ? unknown : `${physBits} bits`,
      'Stands for': resolution.aliasOf ?? 'itself',
      ...layerFacts(snapshot),
    },
    features,
  };
}

function writeSignature({
  family,
  model,
  stepping,
}: {
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
}): string {
  return `${family}/${model}/${stepping}`;
}

const writeHex = (value: number): string => `0x${value.toString(16)}`;

function countPresent(features: ComparedSide): string {
  const count = (wanted: string) => [...features.values()].filter(({ presence }) => presence === wanted).length;
  const open = count('unknown');
  return open === 0 ? String(count('present')) : `${count('present')}, ${open} unknown`;
}

/** The ABI level that is sure, and whether a higher one is not ruled out. */
export function writeAbi(features: ComparedSide): string {
  const presenceOf = (name: string) => features.get(name)?.presence ?? 'absent';
  const sure = abiReach((name) => presenceOf(name) === 'present');
  const [next] = sure.short;
  const isOpen = next !== undefined && next.lacks.every((name) => presenceOf(name) === 'unknown');
  if (isOpen) return sure.name === null ? unknown : `${sure.name} or more`;
  return sure.name ?? 'below x86-64-v1';
}
