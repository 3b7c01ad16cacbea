import type { Cube, FeatureNeed, ModelReach, Report, ReportFact } from '@cpu-atlas/core';
import { guestFacts, textColumns } from './report-parts.ts';

interface Where {
  readonly cell: { readonly model: string; readonly machine: string; readonly accel: string };
  readonly cube: Cube;
  readonly reach: readonly ModelReach[];
  readonly needs: readonly FeatureNeed[];
}

/** Hosts on which a model comes out alike, with what they lack. */
export function reportWhere({ cell, cube, reach, needs }: Where, facts: readonly ReportFact[]): Report {
  const names = new Map(cube.hosts.ids.map((id, at) => [id, cube.hosts.names[at] ?? id]));
  const namesOf = (ids: readonly string[]): string => ids.map((id) => names.get(id) ?? id).join(' ');
  const runsOn = reach.reduce((sum, { outcome, hosts }) => sum + (outcome === 'runnable' ? hosts.length : 0), 0);
  return {
    title: `${cell.model} runs as defined on ${runsOn} of ${cube.hosts.ids.length} hosts`,
    facts: [...facts, ...guestFacts(cell)],
    tables: [
      {
        name: 'Where it runs',
        columns: [
          ...textColumns({ outcome: 'Outcome', hosts: 'Hosts', qemu: 'QEMU' }),
          { key: 'filtered', head: 'Filtered', kind: 'number' },
          ...textColumns({ lacks: 'What they lack', why: 'Why' }),
        ],
        rows: reach.map((one) => [
          ...[one.outcome, namesOf(one.hosts), one.qemu === null ? null : (one.qemu.runsAs ?? one.qemu.version)],
          ...[isTold(one) ? one.filteredCount : null, one.lacks?.join(' ') ?? null, whyOf(one)],
        ]),
      },
      {
        name: 'What it would need',
        columns: [
          ...textColumns({ feature: 'Feature', lackedBy: 'Lacked by' }),
          { key: 'of', head: 'Of hosts asked', kind: 'number' },
        ],
        rows: needs.map(({ name, lackedBy, of }) => [name, namesOf(lackedBy), of]),
      },
    ],
    remarks: ['Only a fresh host counts in answers; the others are unknown.'],
  };
}

/** What is not known, or never starts, has no count of features, not even zero. */
const isTold = ({ outcome }: ModelReach): boolean => outcome === 'runnable' || outcome === 'filtered';

/** Null: it runs as defined. */
function whyOf({ outcome, qemu, lacks, filteredCount }: ModelReach): string | null {
  if (outcome === 'runnable') return null;
  if (qemu === null) return 'silent, or never seen: it cannot be told';
  if (outcome === 'not-offered') return 'this QEMU has no such model or machine type';
  if (outcome === 'refused') return 'QEMU does not start it';
  if (outcome === 'unknown') return 'a layer that decides was not seen';
  const more = filteredCount - (lacks?.length ?? filteredCount);
  return more > 0
    ? `features are not supported there; ${more} more depend on them`
    : 'features are not supported there';
}
