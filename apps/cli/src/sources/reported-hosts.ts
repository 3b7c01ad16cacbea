import { vulnerabilitiesOf } from '@cpu-atlas/core';
import { nameQemu, snapshotHash, type ReportedHost } from '@cpu-atlas/server/library';
import type { Answerer } from '../answerer.ts';
import { readHosts } from '../commands/baseline-hosts.ts';

/**
 * Reads host files for a report. A file that was named counts as fresh.
 * @throws what reading snapshots and catalogs throws; USAGE_INVALID for the same host twice
 */
export async function readReportedHosts(
  answerer: Answerer,
  snapshots: readonly string[],
  catalog: string | undefined,
): Promise<readonly ReportedHost[]> {
  const hosts = await readHosts(answerer, snapshots, catalog);
  const reported: ReportedHost[] = [];
  for (const [at, plan] of hosts.entries()) {
    const { use } = await answerer.prepare({ snapshot: snapshots[at], catalog });
    reported.push(describeHost(plan, use.entry.hash));
  }
  return reported;
}

/** Two looks at one host are no fault where they are compared. */
export async function readReportedSides(
  answerer: Answerer,
  snapshots: readonly string[],
  catalog: string | undefined,
): Promise<readonly ReportedHost[]> {
  const sides: ReportedHost[] = [];
  for (const snapshot of snapshots) sides.push(...(await readReportedHosts(answerer, [snapshot], catalog)));
  return sides;
}

function describeHost(plan: Awaited<ReturnType<typeof readHosts>>[number], catalogHash: string): ReportedHost {
  const { snapshot, index } = plan.context;
  return {
    plan,
    origin: {
      ...{ id: plan.id, name: plan.name, freshness: plan.freshness, catalogHash },
      snapshotHash: snapshot === null ? null : snapshotHash(snapshot),
      collectedAt: snapshot?.collectedAt ?? null,
      qemu: nameQemu(index.catalog.qemu),
      assumption: plan.assumption ?? null,
    },
    vulnerabilities: vulnerabilitiesOf(snapshot),
  };
}
