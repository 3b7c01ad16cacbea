import type { SecurityResult } from '@cpu-atlas/contract';
import type { Report, ReportFact, ReportValue } from '@cpu-atlas/core';
import { guestFacts, textColumns } from './report-parts.ts';

type Group = SecurityResult['groups'][number];

/** Each flag on each group of hosts, with the host's own word and what to do; a host that tells nothing has one line. */
export function reportGuestSecurity(result: SecurityResult, facts: readonly ReportFact[]): Report {
  const { model, kernelIrqchip, groups, assumptions, flags } = result;
  const about = new Map(flags.map((record) => [record.flag, record]));
  return {
    title: 'Mitigations that a guest has, and those that it lacks',
    facts: [
      ...facts,
      { name: '-cpu', value: model },
      ...guestFacts(result),
      ...(kernelIrqchip === null ? [] : [{ name: 'kernel-irqchip', value: kernelIrqchip }]),
    ],
    tables: [
      {
        name: 'Hosts',
        columns: textColumns({ hosts: 'Hosts', status: 'Guest', vendor: 'Vendor', reason: 'Reason' }),
        rows: groups.map(({ hosts, security }) => [
          namesOf(hosts),
          ...(security.kind === 'judged'
            ? [security.status, security.vendor, null]
            : [security.kind, null, security.reason]),
        ]),
      },
      {
        name: 'Flags',
        columns: textColumns({
          ...{ hosts: 'Hosts', flag: 'Flag', verdict: 'Verdict', state: 'In the guest', kind: 'Kind' },
          ...{ against: 'Against', hostSays: 'The host says', remedy: 'Remedy', source: 'Source' },
        }),
        rows: groups.flatMap(({ hosts, security }) =>
          security.kind !== 'judged'
            ? []
            : security.flags.map(({ flag, verdict, state, hostSays, remedy }): ReportValue[] => {
                const record = about.get(flag);
                return [
                  ...[namesOf(hosts), flag, verdict, state, record?.kind ?? null],
                  ...[record?.against.join(', ') ?? null, hostSays, remedy, record?.source ?? null],
                ];
              }),
        ),
      },
    ],
    remarks: assumptions,
  };
}

const namesOf = (hosts: Group['hosts']): string => hosts.map(({ name }) => name).join(' ');
