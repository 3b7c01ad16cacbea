import { assertNever, decodeCube, reportHosts, reportPivot } from '@cpu-atlas/core';
import type { HostLine, PivotAxes, Report, ReportFact } from '@cpu-atlas/core';
import type { ReportRequestBody } from '@cpu-atlas/contract';
import type { CubeService } from '../cube/cube-service.ts';
import { momentOf } from '../fleet/fleet-at.ts';
import { chooseMembers } from '../plan/plan-hosts.ts';
import type { Services } from '../services.ts';
import { pivotAxes } from './pivot-request.ts';
import { asOfOption, buildHostReport } from './build-report.ts';
import { originsOfCube } from './pivot-source.ts';
import { collectionTimes, readReportHosts, readReportSource } from './read-report-hosts.ts';
import type { ReportedHost } from './report-host.ts';

export interface ReportParts {
  readonly services: Services;
  readonly cubes: CubeService;
}

type RequestOf<Kind extends ReportRequestBody['kind']> = Extract<ReportRequestBody, { readonly kind: Kind }>;

/**
 * Makes the report that is asked for.
 * @throws HOST_NOT_FOUND, SNAPSHOT_NOT_FOUND, CATALOG_NOT_FOUND, MACHINE_TYPE_UNKNOWN, REQUEST_INVALID, REPORT_TOO_LARGE
 */
export async function makeReport(parts: ReportParts, request: ReportRequestBody): Promise<Report> {
  const { services } = parts;
  const told = { atlasVersion: services.version };
  switch (request.kind) {
    case 'matrix':
      return buildHostReport(request, await readMatrixHosts(services, request), told);
    case 'comparison': {
      const sides: ReportedHost[] = [];
      for (const side of [request.a, request.b])
        sides.push(await readReportSource(services, { ...side, catalog: request.catalog }));
      return buildHostReport(request, sides, told);
    }
    case 'baseline':
    case 'choices':
      return buildHostReport(request, await readReportHosts(services, request), told);
    case 'security':
      return buildHostReport(request, await readReportHosts(services, { ...request, readsEach: true }), told);
    case 'pivot':
      return makePivot(parts, request);
    case 'hosts':
      return makeHostList(services, request);
    default:
      return assertNever(request);
  }
}

async function readMatrixHosts(
  services: Services,
  { hosts, snapshot, catalog, at }: RequestOf<'matrix'>,
): Promise<readonly ReportedHost[]> {
  if (snapshot !== undefined) return [await readReportSource(services, { snapshot, catalog })];
  const read: ReportedHost[] = [];
  for (const host of hosts ?? [undefined]) read.push(await readReportSource(services, { host, catalog, at }));
  return read;
}

async function makePivot({ services, cubes }: ReportParts, request: RequestOf<'pivot'>): Promise<Report> {
  const { accel, kernelIrqchip, catalog = null, models, machines, hosts, isSplit, isFolded } = request;
  const axes: PivotAxes = pivotAxes(request.rows, request.columns);
  const at = request.at === undefined ? null : new Date(request.at).toISOString();
  const { identity } = await cubes.document({ accel, kernelIrqchip, catalog, at });
  const cube = decodeCube(identity);
  const fleet = await services.hosts.fleet(momentOf(at));
  const known = at === null ? chooseMembers(fleet, hosts) : fleet.filter(({ id }) => hosts?.includes(id) ?? true);
  const options: ReportFact[] = [
    ...asOfOption(request.at),
    ...(models === undefined ? [] : [{ name: 'Models', value: models.join(' ') }]),
    ...(machines === undefined ? [] : [{ name: 'Machine types', value: machines.join(' ') }]),
  ];
  return reportPivot(
    cube,
    { ...axes, fixed: { models, machines, hosts }, isSplit, isFolded },
    {
      ...{ atlasVersion: services.version, accel, machine: null, kernelIrqchip: kernelIrqchip ?? null, options },
      hosts: originsOfCube(cube, known, await collectionTimes(services, at)),
      assumptions: [],
    },
  );
}

/** Hosts that are listed at once. */
const pageSize = 200;

async function makeHostList(services: Services, { hosts, at }: RequestOf<'hosts'>): Promise<Report> {
  const wanted =
    hosts === undefined ? null : new Set(chooseMembers(await services.hosts.fleet(), hosts).map(({ id }) => id));
  const lines: HostLine[] = [];
  const origins: ReportedHost['origin'][] = [];
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await services.hosts.list({ limit: pageSize, cursor }, momentOf(at));
    for (const host of items) {
      if (wanted !== null && !wanted.has(host.id)) continue;
      const qemus = host.qemu.map(({ version, package: build }) =>
        build === null ? version : `${version} (${build})`,
      );
      const { id, name, snapshotHash, collectedAt } = host;
      lines.push({ ...host, qemu: qemus });
      origins.push({
        ...{ id, name, snapshotHash, collectedAt, freshness: host.freshness.state },
        ...{ qemu: qemus[0] ?? null, catalogHash: host.qemu[0]?.catalog ?? null, assumption: null },
      });
    }
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  return reportHosts(lines, {
    ...{ atlasVersion: services.version, accel: null, machine: null, kernelIrqchip: null, options: asOfOption(at) },
    ...{ hosts: origins, assumptions: [] },
  });
}
