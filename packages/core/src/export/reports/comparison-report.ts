import type { SnapshotComparison } from '../../matrix/compare-snapshots.ts';
import type { Report } from '../report.ts';
import { originFacts, originRemarks, originTable, type ReportOrigin } from './report-origin.ts';

/** What changed between two hosts, or two looks at one: layers, then models. */
export function reportComparison({ layers, models }: SnapshotComparison, origin: ReportOrigin): Report {
  const [a, b] = origin.hosts;
  return {
    title: `From ${a?.name ?? 'one'} to ${b?.name ?? 'the other'}`,
    facts: originFacts(origin),
    tables: [
      {
        name: 'Layers',
        columns: [
          { key: 'cause', head: 'Layer', kind: 'text' },
          { key: 'summary', head: 'Change', kind: 'text' },
          { key: 'gained', head: 'Features gained', kind: 'text' },
          { key: 'lost', head: 'Features lost', kind: 'text' },
          { key: 'untold', head: 'No longer known', kind: 'text' },
        ],
        rows: layers.map(({ cause, summary, gained, lost, untold }) => [
          ...[cause, summary],
          ...[gained, lost, untold].map((names) => names.join(' ')),
        ]),
      },
      {
        name: 'Models',
        columns: [
          { key: 'model', head: 'Model', kind: 'text' },
          { key: 'accel', head: 'Accelerator', kind: 'text' },
          { key: 'machine', head: 'Machine type', kind: 'text' },
          { key: 'turn', head: 'Turn', kind: 'text' },
          { key: 'before', head: 'Before', kind: 'text' },
          { key: 'after', head: 'After', kind: 'text' },
          { key: 'gained', head: 'Features gained', kind: 'text' },
          { key: 'lost', head: 'Features lost', kind: 'text' },
          { key: 'causes', head: 'Because of', kind: 'text' },
        ],
        rows: models.map((change) => [
          ...[change.model, change.accel, change.machine, change.turn, change.before, change.after],
          ...[change.featuresGained, change.featuresLost, change.causes].map((names) => names.join(' ')),
        ]),
      },
      originTable(origin),
    ],
    remarks: originRemarks(origin),
  };
}
