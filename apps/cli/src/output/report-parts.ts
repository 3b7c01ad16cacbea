import type { Refusal, ReportColumn, ReportFact } from '@cpu-atlas/core';

/** Columns of text: heads by their keys. */
export const textColumns = (heads: Readonly<Record<string, string>>): ReportColumn[] =>
  Object.entries(heads).map(([key, head]) => ({ key, head, kind: 'text' }));

/** What a guest runs on. */
export const guestFacts = ({ machine, accel }: { readonly machine: string; readonly accel: string }): ReportFact[] => [
  { name: 'Machine type', value: machine },
  { name: 'Accelerator', value: accel },
];

/** Why QEMU does not start; nothing where it does. */
export const refusalRemarks = (refusal: Refusal | null | undefined): string[] =>
  refusal === null || refusal === undefined ? [] : [`QEMU refuses: ${refusal.message} ${refusal.remedy}`];

/** What an answer does not know or had to assume. */
export const openRemarks = ({
  unknowns = [],
  assumptions,
}: {
  readonly unknowns?: readonly string[];
  readonly assumptions: readonly string[];
}): string[] => [
  ...unknowns.map((unknown) => `Not known: ${unknown}`),
  ...assumptions.map((assumption) => `Assumed: ${assumption}`),
];
