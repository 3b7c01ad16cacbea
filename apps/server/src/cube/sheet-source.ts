import {
  ColumnComputer,
  classifyCells,
  createContext,
  decodeColumn,
  encodeColumn,
  indexCatalog,
  planInSteps,
  type CatalogIndex,
  type CellClasses,
  type ClassPlan,
  type CubeColumn,
  type HostSnapshot,
  type MatrixRequest,
} from '@cpu-atlas/core';
import type { CatalogLibrary } from '../catalog-library.ts';
import { RecentMap } from '../recent-map.ts';
import type { Store } from '../store/store.ts';
import { createTurns, type Turns } from '../turns.ts';

/** One QEMU under one accelerator and irqchip. */
export interface SheetKey extends MatrixRequest {
  /** Content hash. */
  readonly catalog: string;
  readonly runsAs: string | null;
}

/** What a sheet is put together from. A fingerprint without a column is one of which no snapshot can be read. */
export interface SheetParts {
  readonly index: CatalogIndex;
  readonly classes: CellClasses;
  readonly columns: ReadonlyMap<string, CubeColumn>;
}

/** A host for each fingerprint. */
export type RepresentativeSource = (fingerprints: readonly string[]) => Promise<ReadonlyMap<string, HostSnapshot>>;

/** Columns of the cube: kept in memory and in the store, computed where they are missing. */
export interface SheetSource {
  /** @throws CATALOG_NOT_FOUND, ACCELERATOR_UNKNOWN, CATALOG_INVALID, STORE_FAILED */
  read(key: SheetKey, fingerprints: readonly string[], representatives: RepresentativeSource): Promise<SheetParts>;
}

interface Prepared {
  readonly index: CatalogIndex;
  readonly classes: CellClasses;
  readonly columns: Map<string, CubeColumn>;
  plan: Promise<ClassPlan> | null;
}

export interface SheetSourceParts {
  readonly store: Pick<Store, 'contents'>;
  readonly library: Pick<CatalogLibrary, 'read'>;
  /** Of the code that computes, see `stampOfCore`. */
  readonly stamp: () => Promise<string>;
  readonly onFault: (error: unknown) => void;
}

/** Catalogs that are kept prepared, some 10 MB each with their columns. */
const keptSheets = 6;
/** Columns of one sheet that are kept in memory; beyond it they are let go and read again. */
const keptColumns = 4_096;
/** Columns that are written in one go. */
const writeBatch = 64;

export function createSheetSource({ store, library, stamp, onFault }: SheetSourceParts): SheetSource {
  const kept = new RecentMap<string, Prepared>(keptSheets);

  const prepare = async ({ catalog, runsAs, accel, kernelIrqchip }: SheetKey): Promise<Prepared> => {
    const found = await library.read(catalog);
    const index = indexCatalog(found, runsAs ?? found.qemu.version);
    return { index, classes: classifyCells(index, { accel, kernelIrqchip }), columns: new Map(), plan: null };
  };
  const prepared = async (key: SheetKey): Promise<Prepared> => {
    const name = nameOf(key);
    const sheet = kept.get(name) ?? (await prepare(key));
    kept.set(name, sheet);
    return sheet;
  };

  const compute = async (
    sheet: Prepared,
    missing: readonly string[],
    representatives: RepresentativeSource,
    keyOf: (fingerprint: string) => string,
  ): Promise<void> => {
    const turns = createTurns();
    const hosts = await representatives(missing);
    const plan = await (sheet.plan ??= planSlowly(sheet.index, sheet.classes, turns));
    const computer = new ColumnComputer(plan);
    let computed = new Map<string, Uint8Array>();
    for (const fingerprint of missing) {
      const column = computeOne(computer, sheet.index, hosts.get(fingerprint), onFault);
      if (column === null) continue;
      sheet.columns.set(fingerprint, column);
      computed.set(keyOf(fingerprint), encodeColumn(column));
      if (computed.size >= writeBatch) {
        await store.contents.putDerived(computed).catch(onFault);
        computed = new Map();
      }
      await turns.take();
    }
    // What cannot be kept is computed again next time.
    if (computed.size > 0) await store.contents.putDerived(computed).catch(onFault);
  };

  const readKept = async (
    sheet: Prepared,
    missing: readonly string[],
    keyOf: (fingerprint: string) => string,
  ): Promise<void> => {
    const stored = await store.contents.derived(missing.map(keyOf));
    const shape = {
      classCount: sheet.classes.classes.length,
      featureCount: sheet.index.catalog.features.length,
    };
    for (const fingerprint of missing) {
      const bytes = stored.get(keyOf(fingerprint));
      if (bytes !== undefined) sheet.columns.set(fingerprint, decodeColumn(bytes, shape));
    }
  };

  return {
    async read(key, fingerprints, representatives) {
      const [sheet, build] = await Promise.all([prepared(key), stamp()]);
      if (sheet.columns.size > keptColumns) sheet.columns.clear();
      const keyOf = (fingerprint: string): string => `cube-column/${build}/${nameOf(key)}/${fingerprint}`;
      const lacking = (): string[] => fingerprints.filter((fingerprint) => !sheet.columns.has(fingerprint));
      if (lacking().length > 0) await readKept(sheet, lacking(), keyOf);
      if (lacking().length > 0) await compute(sheet, lacking(), representatives, keyOf);
      const columns = new Map(
        fingerprints.flatMap((fingerprint) => {
          const column = sheet.columns.get(fingerprint);
          return column === undefined ? [] : [[fingerprint, column] as const];
        }),
      );
      return { index: sheet.index, classes: sheet.classes, columns };
    },
  };
}

/** One host that cannot be read hides no other one. */
function computeOne(
  computer: ColumnComputer,
  index: CatalogIndex,
  host: HostSnapshot | undefined,
  onFault: (error: unknown) => void,
): CubeColumn | null {
  if (host === undefined) return null;
  try {
    return computer.computeColumn(createContext(index, host));
  } catch (error) {
    onFault(error);
    return null;
  }
}

const nameOf = ({ catalog, runsAs, accel, kernelIrqchip }: SheetKey): string =>
  [catalog, runsAs ?? 'itself', accel, kernelIrqchip ?? 'default'].join('/');

async function planSlowly(index: CatalogIndex, classes: CellClasses, turns: Turns): Promise<ClassPlan> {
  const steps = planInSteps(index, classes);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await turns.take();
  }
}
