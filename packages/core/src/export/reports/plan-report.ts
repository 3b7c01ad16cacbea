import type { Baseline } from '../../plan/baseline-answer.ts';
import type { RankedChoice } from '../../plan/choices.ts';
import type { Report, ReportValue } from '../report.ts';
import { originFacts, originRemarks, originTable, type ReportOrigin } from './report-origin.ts';

/** Models for a pool, best first, each with the line that was proven on every host. */
export function reportChoices(choices: readonly RankedChoice[], origin: ReportOrigin): Report {
  return {
    title: `CPUs for a pool of ${origin.hosts.length} hosts`,
    facts: originFacts(origin),
    tables: [
      {
        name: 'Choices',
        columns: [
          { key: 'rank', head: 'Rank', kind: 'number' },
          { key: 'model', head: 'Model', kind: 'text' },
          { key: 'answer', head: 'Starts everywhere', kind: 'text' },
          { key: 'yes', head: 'Starts on', kind: 'number' },
          { key: 'no', head: 'Refused on', kind: 'number' },
          { key: 'unknown', head: 'Unknown on', kind: 'number' },
          { key: 'abiLevel', head: 'x86-64 level', kind: 'number' },
          { key: 'features', head: 'Features', kind: 'number' },
          { key: 'cpu', head: 'CPU argument', kind: 'text' },
          { key: 'removed', head: 'Taken away', kind: 'text' },
          { key: 'added', head: 'Added', kind: 'text' },
          { key: 'decided', head: 'Decided by', kind: 'text' },
          { key: 'deprecated', head: 'Deprecated', kind: 'flag' },
        ],
        rows: choices.map((choice, at) => choiceRow(choice, at + 1)),
      },
      originTable(origin),
    ],
    remarks: originRemarks(origin),
  };
}

function choiceRow({ model, proof, abiLevel, features, line, deprecated }: RankedChoice, rank: number): ReportValue[] {
  const { deciding } = proof;
  return [
    ...[rank, model, proof.answer, proof.yes, proof.no, proof.unknown, abiLevel, features.length],
    ...[line.cpu, line.removed.join(' '), line.added.join(' ')],
    deciding === null ? null : `${deciding.host.name}: ${deciding.obstacle.reason}`,
    deprecated,
  ];
}

/** The best CPU for some hosts, vendor by vendor, and what each host costs. */
export function reportBaseline(baseline: Baseline, origin: ReportOrigin): Report {
  return {
    title: `Baseline of ${origin.hosts.length} hosts`,
    facts: [...originFacts(origin), { name: 'Outcome', value: `${baseline.outcome}: ${baseline.reason}` }],
    tables: [
      {
        name: 'Baselines',
        columns: [
          { key: 'vendor', head: 'Vendor', kind: 'text' },
          { key: 'outcome', head: 'Outcome', kind: 'text' },
          { key: 'answering', head: 'Hosts that answer', kind: 'number' },
          { key: 'hosts', head: 'Hosts', kind: 'number' },
          { key: 'cpu', head: 'CPU argument', kind: 'text' },
          { key: 'features', head: 'Features', kind: 'number' },
          { key: 'reasons', head: 'Because', kind: 'text' },
        ],
        rows: baseline.vendors.map((each) => [
          ...[each.vendor, each.outcome, each.answering, each.hosts, each.cpu, each.features.length],
          each.reasons.join('; '),
        ]),
      },
      {
        name: 'Left out',
        columns: [
          { key: 'vendor', head: 'Vendor', kind: 'text' },
          { key: 'feature', head: 'Feature', kind: 'text' },
          { key: 'bit', head: 'Bit', kind: 'text' },
          { key: 'have', head: 'Hosts that have it', kind: 'number' },
          { key: 'of', head: 'Of', kind: 'number' },
          { key: 'because', head: 'Because of', kind: 'text' },
          { key: 'decidingHost', head: 'Decided by', kind: 'text' },
          { key: 'lackedBy', head: 'Lacked by', kind: 'text' },
        ],
        rows: baseline.vendors.flatMap(({ vendor, dropped }) =>
          dropped.map(({ name, bit, have, of, because, decidingHost, lackedBy }) => [
            ...[vendor, name, bit, have, of, because, decidingHost],
            lackedBy.join(' '),
          ]),
        ),
      },
      originTable(origin),
    ],
    remarks: originRemarks(origin),
  };
}
