import {
  showSize,
  type DecodedGuestCpuid,
  type EntryDescription,
  type GuestCpuidComparison,
  type GuestCpuidDescription,
  type Refusal,
} from '@cpu-atlas/core';
import { formatTable, printable, type Cell } from './table.ts';
import type { Paint } from './terminal.ts';

/** A guest's CPUID for people: what the guest makes of it, then the leaves. */
export function formatGuestCpuid(guest: GuestCpuidDescription, paint: Paint): string {
  const { resolution, refusal, vcpu, entries, decoded } = guest;
  const head = `${paint.strong(printable(resolution.cpu))}  ${resolution.machine}, ${resolution.accel}, vCPU ${vcpu}`;
  return [
    `${head}\n`,
    refusal === null ? '' : `${paint.bad(printable(refusal.message))}\n  ${printable(refusal.remedy)}\n`,
    formatTable(summarize(decoded)),
    formatTable(entries.map((entry) => formatEntry(entry, paint))),
    list('not known', guest.isComplete ? guest.unknowns : [...guest.unknowns, 'there may be other leaves']),
    list('assumed', guest.assumptions),
  ].join('');
}

const notKnown = 'not known';
const orUnknown = (value: number | null): string => (value === null ? notKnown : String(value));

function summarize(decoded: DecodedGuestCpuid): Cell[][] {
  const { signature, levels, caches, hypervisors, xsaveBytes } = decoded;
  const { physBits, linearBits, guestPhysBits } = decoded;
  const topology = levels.map(({ level, cpus, apicIdBits }) => `${level}: ${cpus} CPUs, ${apicIdBits} bits`);
  const identity =
    signature === null
      ? notKnown
      : `family ${signature.family} model ${signature.model} stepping ${signature.stepping}`;
  return [
    ['vendor', `${decoded.vendor ?? notKnown}, ${identity}`],
    ['brand', decoded.brand ?? notKnown],
    ['APIC id', `${orUnknown(decoded.apicId)}, package of ${orUnknown(decoded.cpusOfPackage)}`],
    ['topology', topology.join('; ')],
    ...caches.map(({ text, source }, at): Cell[] => [at === 0 ? 'caches' : '', `${text} (${source})`]),
    ['address bits', `${orUnknown(physBits)} physical, ${orUnknown(linearBits)} linear${guestBits(guestPhysBits)}`],
    ...(xsaveBytes === null ? [] : [['XSAVE area', showSize(xsaveBytes)]]),
    ...hypervisors.map(({ leaf, signature: name }): Cell[] => [`hypervisor ${leaf.toString(16)}`, name]),
  ];
}

function guestBits(bits: number | null): string {
  return bits === null || bits === 0 ? '' : `, ${bits} for the guest’s page tables`;
}

const shownNames = 6;
const registers = ['eax', 'ebx', 'ecx', 'edx'] as const;
const isZero = (value: string): boolean => /^(none|no|(0x)?0+)$/.test(value);

function formatEntry(entry: EntryDescription, paint: Paint): Cell[] {
  const { leaf, subleaf, flags, unknown, isUncertain, fields, features } = entry;
  const names = features.length > shownNames ? [...features.slice(0, shownNames), '…'] : features;
  const isEmpty = [...registers.map((name) => entry[name]), ...Object.values(unknown ?? {})].every(isZero);
  // The vendor stands above the leaves.
  const told = isEmpty ? [] : fields.filter(({ name, value }) => !isZero(value ?? '') && !name.startsWith('vendor'));
  const text = [...told.map(({ name, value }) => `${name} ${value ?? notKnown}`), ...names].slice(0, shownNames);
  const register = (name: (typeof registers)[number]): Cell =>
    unknown === undefined || isZero(unknown[name]) ? entry[name] : { text: `${entry[name]}?`, paint: paint.dim };
  return [
    `${leaf.slice(2)}${(flags & 1) === 0 ? '' : `.${subleaf}`}${isUncertain === true ? '?' : ''}`,
    ...registers.map(register),
    text.join(', '),
  ];
}

/** Why QEMU would not start the guest; null: it would. */
export interface Refusals {
  readonly first: Refusal | null;
  readonly second: Refusal | null;
}

/** Differences for people. */
export function formatComparison(comparison: GuestCpuidComparison, refusals: Refusals, paint: Paint): string {
  const { verdict, differences } = comparison;
  const colour = verdict === 'equal' ? paint.good : verdict === 'different' ? paint.bad : paint.dim;
  const rows = differences.map(({ leaf, subleaf, register, kind, bits, first, second, fields }): Cell[] => [
    `${leaf.toString(16).padStart(8, '0')}.${subleaf} ${register}`,
    kind,
    ...[first, second, bits].map((value) => (value >>> 0).toString(16).padStart(8, '0')),
    fields.join('; '),
  ]);
  const head: Cell[][] = rows.length === 0 ? [] : [['leaf', 'kind', 'first', 'second', 'bits', 'fields']];
  const refused = (['first', 'second'] as const).map((side) => {
    const refusal = refusals[side];
    return refusal === null ? '' : `${paint.bad(`refused on the ${side}: ${printable(refusal.message)}`)}\n`;
  });
  return `${colour(verdict)}\n${refused.join('')}${formatTable([...head, ...rows])}`;
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}\n${lines.map((line) => `  ${printable(line)}\n`).join('')}`;
}
