import { classifyCells, ColumnComputer, foldSheet, hostFreshness, planClasses } from '@cpu-atlas/core';
import type { Accelerator, CatalogIndex, Cube, CubeColumn, KernelIrqchip, ReportHost } from '@cpu-atlas/core';
import type { FleetMember } from '../host-directory.ts';
import { nameQemu, type ReportedHost } from './report-host.ts';

interface CubeAsked {
  readonly accel: Accelerator;
  readonly kernelIrqchip: KernelIrqchip | undefined;
}

/**
 * The cube of a few hosts, computed on the spot: for files, where no service keeps one.
 * @throws ACCELERATOR_UNKNOWN, SNAPSHOT_INVALID
 */
export function cubeOfHosts(hosts: readonly ReportedHost[], { accel, kernelIrqchip }: CubeAsked): Cube {
  const columnOf = new Uint16Array(hosts.length);
  const sheetOf = new Int16Array(hosts.length).fill(-1);
  const indexes = new Map<CatalogIndex, number[]>();
  hosts.forEach(({ plan: { context } }, at) => {
    if (!('unseen' in context)) indexes.set(context.index, [...(indexes.get(context.index) ?? []), at]);
  });
  const sheets = [...indexes].map(([index, members], sheetAt) => {
    const classes = classifyCells(index, { accel, kernelIrqchip });
    const computer = new ColumnComputer(planClasses(index, classes));
    const columns = members.flatMap((at): CubeColumn[] => {
      const { context } = hosts[at].plan;
      return 'unseen' in context ? [] : [computer.computeColumn(context)];
    });
    const catalog = hosts[members[0]].origin.catalogHash ?? '';
    const qemu = { version: index.catalog.qemu.version, package: index.catalog.qemu.package, catalog, runsAs: null };
    const folded = foldSheet(index, classes, columns, qemu);
    members.forEach((at, position) => {
      sheetOf[at] = sheetAt;
      columnOf[at] = folded.columnOf[position];
    });
    return folded.sheet;
  });
  return {
    ...{ accel, kernelIrqchip: kernelIrqchip ?? null, at: null, sheets, sheetOf, columnOf },
    fingerprints: hosts.map((_, at) => String(at)),
    hosts: {
      ids: hosts.map(({ plan }) => plan.id),
      names: hosts.map(({ plan }) => plan.name),
      fingerprintOf: Int32Array.from(hosts.keys()),
      freshness: Uint8Array.from(hosts, ({ plan }) => hostFreshness.indexOf(plan.freshness)),
    },
  };
}

/** The hosts of a cube as its report names them: with the QEMU of the sheet that answers for each. */
export function originsOfCube(
  cube: Cube,
  members: readonly FleetMember[],
  times: ReadonlyMap<string, string>,
): readonly ReportHost[] {
  const places = new Map(cube.hosts.ids.map((id, at) => [id, at]));
  return members.map(({ id, name, snapshotHash, freshness }) => {
    const place = places.get(id);
    const fingerprint = place === undefined ? -1 : cube.hosts.fingerprintOf[place];
    const at = fingerprint < 0 ? -1 : cube.sheetOf[fingerprint];
    const qemu = at < 0 ? null : cube.sheets[at].qemu;
    return {
      ...{ id, name, snapshotHash, collectedAt: times.get(id) ?? null, freshness: freshness.state },
      qemu: qemu === null ? null : nameQemu(qemu),
      catalogHash: qemu?.catalog ?? null,
      assumption:
        qemu === null || qemu.runsAs === null
          ? null
          : `QEMU ${qemu.runsAs} is not harvested: the catalog of QEMU ${qemu.version} stands for it`,
    };
  });
}
