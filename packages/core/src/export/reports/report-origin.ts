import type { HostFreshnessState } from '../../matrix/cube.ts';
import type { Accelerator, KernelIrqchip } from '../../resolve/resolution.ts';
import type { ReportFact, ReportTable, ReportValue } from '../report.ts';

/** A host as a report names its source. */
export interface ReportHost {
  readonly id: string;
  readonly name: string;
  /** Content hash of the snapshot; null: there is none. */
  readonly snapshotHash: string | null;
  /** When the snapshot was taken, RFC 3339; null: not known. */
  readonly collectedAt: string | null;
  readonly freshness: HostFreshnessState;
  /** The QEMU that answered, `10.0.13 (Debian …)`; null: none did. */
  readonly qemu: string | null;
  /** Content hash of its catalog. */
  readonly catalogHash: string | null;
  /** What was assumed of it, in plain words; null: nothing. */
  readonly assumption: string | null;
}

/** What an answer was made from. No time of the writing is among it, so that equal answers are equal reports. */
export interface ReportOrigin {
  readonly atlasVersion: string;
  readonly accel: Accelerator | null;
  readonly machine: string | null;
  readonly kernelIrqchip: KernelIrqchip | null;
  readonly hosts: readonly ReportHost[];
  /** Whatever else was chosen, in the order in which it is told. */
  readonly options: readonly ReportFact[];
  readonly assumptions: readonly string[];
}

/** The facts at the head of every report. */
export function originFacts(origin: ReportOrigin): readonly ReportFact[] {
  const { atlasVersion, accel, machine, kernelIrqchip, hosts, options } = origin;
  const qemus = distinct(hosts.flatMap(({ qemu }) => qemu ?? []));
  const times = hosts.flatMap(({ collectedAt }) => collectedAt ?? []).sort(byTime);
  const [oldest] = times;
  const newest = times.at(-1);
  return [
    { name: 'CPU Atlas', value: atlasVersion },
    { name: 'QEMU', value: qemus.length === 0 ? 'none' : qemus.join('; ') },
    ...(accel === null
      ? []
      : [
          { name: 'Accelerator', value: accel },
          { name: 'Kernel irqchip', value: kernelIrqchip ?? 'what each machine type does by itself' },
        ]),
    ...(machine === null ? [] : [{ name: 'Machine type', value: machine }]),
    ...options,
    { name: 'Hosts', value: String(hosts.length) },
    ...(oldest === undefined || newest === undefined
      ? []
      : [
          {
            name: 'Snapshots taken',
            value:
              oldest === newest ? oldest : `${oldest} to ${newest} (${writeSpan(spanSeconds(oldest, newest))} apart)`,
          },
        ]),
  ];
}

/** The hosts with their snapshots: hash, time, and how much older each is than the newest one. */
export function originTable({ hosts }: ReportOrigin): ReportTable {
  const newest = hosts
    .flatMap(({ collectedAt }) => collectedAt ?? [])
    .sort(byTime)
    .at(-1);
  return {
    name: 'Snapshots',
    columns: [
      { key: 'host', head: 'Host', kind: 'text' },
      { key: 'id', head: 'Id', kind: 'text' },
      { key: 'collectedAt', head: 'Taken', kind: 'time' },
      { key: 'olderBySeconds', head: 'Older than the newest by (s)', kind: 'number' },
      { key: 'freshness', head: 'State', kind: 'text' },
      { key: 'snapshot', head: 'Snapshot', kind: 'text' },
      { key: 'qemu', head: 'QEMU', kind: 'text' },
      { key: 'catalog', head: 'Catalog', kind: 'text' },
      { key: 'assumption', head: 'Assumed', kind: 'text' },
    ],
    rows: {
      *[Symbol.iterator](): Generator<readonly ReportValue[]> {
        for (const host of hosts) {
          const { collectedAt } = host;
          const age = collectedAt === null || newest === undefined ? null : spanSeconds(collectedAt, newest);
          yield [
            ...[host.name, host.id, collectedAt, age, host.freshness, host.snapshotHash],
            ...[host.qemu, host.catalogHash, host.assumption],
          ];
        }
      },
    },
  };
}

/** What a reader has to know besides the facts. */
export function originRemarks({ hosts, assumptions }: ReportOrigin): readonly string[] {
  const silent = hosts.filter(({ freshness }) => freshness !== 'fresh');
  return [
    ...distinct([...assumptions, ...hosts.flatMap(({ assumption }) => assumption ?? [])]),
    ...(silent.length === 0
      ? []
      : [`${silent.length} of ${hosts.length} hosts are silent: what they would say is unknown, not yes and not no`]),
  ];
}

/** Each text once, in the order of their first. */
export function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

const byTime = (a: string, b: string): number => Date.parse(a) - Date.parse(b);

const spanSeconds = (from: string, to: string): number =>
  Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1_000));

/** `3 d 4 h`, `12 min`, `5 s`. */
function writeSpan(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}
