import {
  foldSheet,
  hostFreshness,
  type Accelerator,
  type Cube,
  type CubeSheet,
  type HostSnapshot,
  type KernelIrqchip,
  type SheetQemu,
} from '@cpu-atlas/core';
import type { CatalogEntry, CatalogLibrary, CatalogUse } from '../catalog-library.ts';
import { catalogOfHost } from '../fleet/host-catalog.ts';
import type { FleetMember } from '../host-directory.ts';
import type { OwnQemu, OwnQemuSource } from './own-qemu.ts';
import type { RepresentativeSource, SheetKey, SheetSource } from './sheet-source.ts';

/** What a cube is asked for. `catalog` null: every host with its own first QEMU. */
export interface CubeRequest {
  readonly catalog: string | null;
  readonly accel: Accelerator;
  readonly kernelIrqchip: KernelIrqchip | undefined;
  /** RFC 3339; null: now. */
  readonly at: string | null;
}

export interface CubeBuilder {
  /**
   * The cube of hosts, by their fingerprints.
   * @throws CATALOG_NOT_FOUND, ACCELERATOR_UNKNOWN, CATALOG_INVALID, STORE_FAILED
   */
  build(request: CubeRequest, members: readonly FleetMember[]): Promise<Cube>;
}

export interface CubeBuilderParts {
  readonly library: CatalogLibrary;
  readonly sheets: SheetSource;
  readonly ownQemus: OwnQemuSource;
  /** A snapshot of some host of each fingerprint among these members. */
  readonly representatives: (members: readonly FleetMember[]) => RepresentativeSource;
}

/** Fingerprints that one QEMU answers for. */
interface SheetPlan {
  readonly key: SheetKey;
  readonly qemu: SheetQemu;
  readonly fingerprints: string[];
}

export function createCubeBuilder({ library, sheets, ownQemus, representatives }: CubeBuilderParts): CubeBuilder {
  const chooseSheets = async (
    request: CubeRequest,
    fingerprints: readonly string[],
    source: RepresentativeSource,
  ): Promise<readonly SheetPlan[]> => {
    const { accel, kernelIrqchip, catalog } = request;
    const plans = new Map<string, SheetPlan>();
    const add = (use: CatalogUse<CatalogEntry>, fingerprint: string): void => {
      const { hash, version, package: packageName } = use.entry;
      // A catalog that stands for its own version stands for itself.
      const runsAs = use.runsAs === version ? null : use.runsAs;
      const name = `${hash} ${runsAs ?? ''}`;
      const key = { catalog: hash, runsAs, accel, kernelIrqchip };
      const qemu = { version, package: packageName, catalog: hash, runsAs };
      const plan = plans.get(name) ?? { key, qemu, fingerprints: [] };
      plan.fingerprints.push(fingerprint);
      plans.set(name, plan);
    };
    if (catalog !== null) {
      const use = library.choose(catalog);
      for (const fingerprint of fingerprints) add(use, fingerprint);
      return [...plans.values()];
    }
    for (const [fingerprint, own] of await ownQemus.read(fingerprints, source)) {
      const use = chooseOwn(library, own);
      if (use !== null) add(use, fingerprint);
    }
    return [...plans.values()];
  };

  return {
    async build(request, members) {
      const fingerprints = [...new Set(members.map(({ fingerprint }) => fingerprint))].sort();
      const source = representatives(members);
      const places = new Map<string, { readonly sheet: number; readonly column: number }>();
      const folded: CubeSheet[] = [];
      for (const { key, qemu, fingerprints: own } of await chooseSheets(request, fingerprints, source)) {
        const { index, classes, columns } = await sheets.read(key, own, source);
        if (columns.size === 0) continue;
        const known = [...columns.keys()];
        const { sheet, columnOf } = foldSheet(index, classes, [...columns.values()], qemu);
        known.forEach((fingerprint, i) => places.set(fingerprint, { sheet: folded.length, column: columnOf[i] }));
        folded.push(sheet);
      }
      return {
        accel: request.accel,
        kernelIrqchip: request.kernelIrqchip ?? null,
        at: request.at,
        sheets: folded,
        fingerprints,
        sheetOf: Int16Array.from(fingerprints, (fingerprint) => places.get(fingerprint)?.sheet ?? -1),
        columnOf: Uint16Array.from(fingerprints, (fingerprint) => places.get(fingerprint)?.column ?? 0),
        hosts: describeHosts(members, fingerprints),
      };
    },
  };
}

function describeHosts(members: readonly FleetMember[], fingerprints: readonly string[]): Cube['hosts'] {
  const positions = new Map(fingerprints.map((fingerprint, at) => [fingerprint, at]));
  return {
    ids: members.map(({ id }) => id),
    names: members.map(({ name }) => name),
    fingerprintOf: Int32Array.from(members, ({ fingerprint }) => positions.get(fingerprint) ?? -1),
    freshness: Uint8Array.from(members, ({ freshness }) => hostFreshness.indexOf(freshness.state)),
  };
}

/** null: a host without QEMU, or a QEMU for which no catalog can stand, has no answer of its own. */
function chooseOwn(library: CatalogLibrary, own: OwnQemu): CatalogUse<CatalogEntry> | null {
  if (own === null || library.list().length === 0) return null;
  return catalogOfHost(library, hostWithQemu(own));
}

/** Of a host the choice of a catalog asks for nothing but its QEMU. */
function hostWithQemu(own: NonNullable<OwnQemu>): HostSnapshot {
  return {
    schema: 'cpu-atlas/host-snapshot/1',
    host: { id: 'fingerprint', name: 'fingerprint' },
    collectedAt: '',
    collector: '',
    qemu: [own],
  };
}
