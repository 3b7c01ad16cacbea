import type { GuestSecurity } from '../../plan/security-guest.ts';
import type { SecurityFlagRecord } from '../../plan/security-flags.ts';
import type { Report, ReportValue } from '../report.ts';
import { originFacts, originRemarks, originTable, type ReportOrigin } from './report-origin.ts';

/** Hosts on which the flags of a guest come out the same. */
export interface SecurityGroup {
  readonly hosts: readonly { readonly id: string; readonly name: string }[];
  readonly security: GuestSecurity;
}

/** Mitigation flags × hosts, and what to do about each that is not as it should be. */
export function reportSecurity(
  records: readonly SecurityFlagRecord[],
  groups: readonly SecurityGroup[],
  origin: ReportOrigin,
): Report {
  const shown = records.filter(({ flag }) => groups.some((group) => verdictOf(group, flag) !== null));
  return {
    title: 'Mitigations that a guest has, and those that it lacks',
    facts: originFacts(origin),
    tables: [
      {
        name: 'Flags by host',
        columns: [
          { key: 'flag', head: 'Flag', kind: 'text' },
          { key: 'kind', head: 'Kind', kind: 'text' },
          { key: 'against', head: 'Against', kind: 'text' },
          ...groups.map(({ hosts }) => {
            const names = hosts.map(({ name }) => name);
            return { key: `host:${hosts[0]?.id ?? ''}`, head: names.join(' '), kind: 'text' as const };
          }),
          { key: 'source', head: 'Source', kind: 'text' },
        ],
        rows: shown.map((record) => [
          ...[record.flag, record.kind, record.against.join(', ')],
          ...groups.map((group) => verdictOf(group, record.flag)),
          record.source,
        ]),
      },
      {
        name: 'To do',
        columns: [
          { key: 'host', head: 'Hosts', kind: 'text' },
          { key: 'flag', head: 'Flag', kind: 'text' },
          { key: 'verdict', head: 'Verdict', kind: 'text' },
          { key: 'hostSays', head: 'The host says', kind: 'text' },
          { key: 'remedy', head: 'Remedy', kind: 'text' },
        ],
        rows: { [Symbol.iterator]: () => toDo(groups) },
      },
      originTable(origin),
    ],
    remarks: originRemarks(origin),
  };
}

function verdictOf({ security }: SecurityGroup, flag: string): string | null {
  if (security.kind !== 'judged') return security.kind;
  return security.flags.find((each) => each.flag === flag)?.verdict ?? null;
}

const settled: ReadonlySet<string> = new Set(['on', 'not-needed', 'not-offered', 'optional']);

function* toDo(groups: readonly SecurityGroup[]): Generator<readonly ReportValue[]> {
  for (const { hosts, security } of groups) {
    const names = hosts.map(({ name }) => name).join(' ');
    if (security.kind !== 'judged') {
      yield [names, null, security.kind, null, security.reason];
      continue;
    }
    for (const { flag, verdict, hostSays, remedy } of security.flags)
      if (!settled.has(verdict)) yield [names, flag, verdict, hostSays, remedy];
  }
}
