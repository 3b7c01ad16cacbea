import type { GuestCpuidComparison, GuestCpuidDescription, Report } from '@cpu-atlas/core';
import { guestFacts, openRemarks, refusalRemarks, textColumns } from './report-parts.ts';
import type { Refusals } from './guest-cpuid-table.ts';

const registers = ['eax', 'ebx', 'ecx', 'edx'] as const;
const isNone = (mask: string): boolean => /^(?:0x)?0+$/.test(mask);
const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

/** One row for each leaf and subleaf, with the bits of it that are not known. */
export function reportGuestCpuid(guest: GuestCpuidDescription): Report {
  const { resolution, refusal, vcpu, entries, isComplete } = guest;
  const rows = entries.map(({ leaf, subleaf, unknown, isUncertain, fields, features, ...values }) => {
    const bits = registers.filter((name) => unknown !== undefined && !isNone(unknown[name]));
    return [
      ...[leaf, String(subleaf), ...registers.map((name) => values[name])],
      bits.map((name) => `${name}=${unknown?.[name] ?? ''}`).join(' '),
      isUncertain === true ? 'unknown' : 'yes',
      features.join(' '),
      fields.map(({ name, value }) => `${name} ${value ?? 'unknown'}`).join('; '),
    ];
  });
  const columns = textColumns({
    ...{ leaf: 'Leaf', subleaf: 'Subleaf', eax: 'EAX', ebx: 'EBX', ecx: 'ECX', edx: 'EDX' },
    ...{ unknown: 'Bits not known', exists: 'Is there', features: 'Features', fields: 'Fields' },
  });
  return {
    title: `CPUID of ${resolution.cpu}, vCPU ${vcpu}`,
    facts: guestFacts(resolution),
    tables: [{ name: 'Leaves', columns, rows }],
    remarks: [...refusalRemarks(refusal), ...(isComplete ? [] : ['There may be other leaves.']), ...openRemarks(guest)],
  };
}

/** One row for each register that differs. */
export function reportComparison({ verdict, differences }: GuestCpuidComparison, refusals: Refusals): Report {
  const rows = differences.map(({ leaf, subleaf, register, kind, bits, first, second, fields }) => [
    ...[hex(leaf), String(subleaf), register, kind, hex(first), hex(second), hex(bits), fields.join('; ')],
  ]);
  const columns = textColumns({
    ...{ leaf: 'Leaf', subleaf: 'Subleaf', register: 'Register', kind: 'Kind' },
    ...{ first: 'First', second: 'Second', bits: 'Bits', fields: 'Fields' },
  });
  const refused = (['first', 'second'] as const).flatMap((side) => {
    const refusal = refusals[side];
    return refusal === null ? [] : [`Refused on the ${side}: ${refusal.message}`];
  });
  return {
    title: `CPUID of a guest on two hosts: ${verdict}`,
    facts: [{ name: 'Verdict', value: verdict }],
    tables: [{ name: 'Differences', columns, rows }],
    remarks: refused,
  };
}
