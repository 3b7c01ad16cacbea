import type { AuditLine, Comparison, HostSummary, Observation } from '@cpu-atlas/contract';
import { AtlasError, type Report, type ReportColumn, type ReportFact } from '@cpu-atlas/core';

/** An observation, and what changed since the one before it; or why that cannot be told. */
export interface ComparedObservations {
  readonly after: Observation;
  readonly outcome: Comparison | AtlasError;
}

const text = (key: string, head: string): ReportColumn => ({ key, head, kind: 'text' });
const time = (key: string, head: string): ReportColumn => ({ key, head, kind: 'time' });

const pairs = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([name, value]) => (value === '' ? name : `${name}=${String(value)}`))
    .sort()
    .join(' ');

/** The hosts of a server. */
export function reportFleet(hosts: readonly HostSummary[], facts: readonly ReportFact[]): Report {
  const columns = [
    ...[text('name', 'Host'), text('id', 'Id'), text('freshness', 'Freshness'), time('lastSeenAt', 'Last heard')],
    ...[text('source', 'Known by'), text('cpu', 'CPU'), text('kernel', 'Kernel'), text('qemu', 'QEMU')],
    ...[text('labels', 'Labels'), text('fingerprint', 'Fingerprint')],
  ];
  const rows = hosts.map(
    ({ name, id, freshness, source, cpuName, kernelRelease, qemu, labels, layers, fingerprint }) => [
      ...[name, id, freshness.state, freshness.lastSeenAt, source, cpuName, kernelRelease],
      layers.qemu.state === 'unknown' ? 'unknown' : qemu.map(({ version }) => version).join('; '),
      ...[pairs(labels), fingerprint],
    ],
  );
  return {
    title: `${hosts.length} hosts`,
    facts,
    tables: [{ name: 'Hosts', columns, rows }],
    remarks: ['Only a fresh host counts in answers; the others are unknown.'],
  };
}

/** What a host looked like, what changed it, and which models came of it. */
export function reportTimeline(
  observations: readonly Observation[],
  compared: readonly ComparedObservations[],
  facts: readonly ReportFact[],
): Report {
  const told = compared.flatMap(({ after, outcome }) =>
    outcome instanceof AtlasError ? [] : [{ at: after.firstSeenAt, ...outcome }],
  );
  return {
    title: `${observations.length} observations`,
    facts,
    tables: [
      {
        name: 'Observations',
        columns: [
          ...[time('firstSeenAt', 'From'), time('lastSeenAt', 'Until'), text('change', 'Change')],
          ...[text('snapshot', 'Snapshot'), text('fingerprint', 'Fingerprint')],
        ],
        rows: observations.map(({ firstSeenAt, lastSeenAt, change, snapshotHash, fingerprint }) => [
          ...[firstSeenAt, lastSeenAt, change, snapshotHash, fingerprint],
        ]),
      },
      {
        name: 'Changes',
        columns: [
          ...[time('at', 'At'), text('cause', 'Layer'), text('summary', 'What')],
          ...[text('gained', 'Gained'), text('lost', 'Lost'), text('untold', 'No longer known')],
        ],
        rows: told.flatMap(({ at, layers }) =>
          layers.map(({ cause, summary, gained, lost, untold }) => [
            ...[at, cause, summary, gained.join(' '), lost.join(' '), untold.join(' ')],
          ]),
        ),
      },
      {
        name: 'Models',
        columns: [
          ...[time('at', 'At'), text('model', 'Model'), text('turn', 'Turn'), text('before', 'Before')],
          ...[text('after', 'After'), text('machine', 'Machine type'), text('accel', 'Accelerator')],
          ...[text('causes', 'Layers'), text('lost', 'Features lost'), text('gained', 'Features gained')],
        ],
        rows: told.flatMap(({ at, models }) =>
          models.map(({ model, turn, before, after, machine, accel, causes, featuresLost, featuresGained }) => [
            ...[at, model, turn, before, after, machine, accel],
            ...[causes.join(' '), featuresLost.join(' '), featuresGained.join(' ')],
          ]),
        ),
      },
    ],
    remarks: compared.flatMap(({ after, outcome }) =>
      outcome instanceof AtlasError ? [`${after.firstSeenAt} cannot be told: ${outcome.toString()}`] : [],
    ),
  };
}

/** Who changed what. */
export function reportAudit(lines: readonly AuditLine[], facts: readonly ReportFact[]): Report {
  const columns = [
    ...[time('at', 'At'), text('actor', 'Who'), text('role', 'Role'), text('action', 'Action')],
    ...[text('target', 'On'), text('detail', 'Detail')],
  ];
  const rows = lines.map(({ at, actor, role, action, target, detail }) => [
    ...[at, actor, role, action, target, pairs(detail)],
  ]);
  return { title: `${lines.length} changes`, facts, tables: [{ name: 'Audit', columns, rows }], remarks: [] };
}
