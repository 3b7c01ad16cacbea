import { parseCatalogText } from '@cpu-atlas/contract';
import {
  AtlasError,
  cubeMediaType,
  decodeCube,
  featureNeeds,
  indexCatalog,
  modelReach,
  readDefinition,
  type CatalogIndex,
  type Cube,
  type ModelReach,
} from '@cpu-atlas/core';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { reportWhere } from '../output/where-report.ts';
import { writeTold } from '../output/write-report.ts';
import { openHubClient, type HubClient } from '../sources/hub-client.ts';
import { cellQuery, factsOf, type FleetCell, type FleetQuestion } from './fleet.ts';

/**
 * Tells on which hosts of a server a model runs, which features it loses elsewhere, and what hosts would need.
 * 0: it runs on all of them; 1: on one it does not; 3: of one it is not known, or there is none.
 * @throws CPU_MODEL_UNKNOWN and MACHINE_TYPE_UNKNOWN where no QEMU of the fleet has it
 */
export async function tellWhere(
  question: FleetQuestion,
  cell: FleetCell & { readonly machine: string },
): Promise<ExitCode> {
  const hub = openHubClient(question.hub, question.signal);
  const query = cellQuery(cell, ['accel', 'kernelIrqchip', 'catalog', 'at']);
  const cube = decodeCube(await hub.readBytes(`cube?${query}`, cubeMediaType));
  checkNames(cube, cell);
  const { model, machine, accel } = cell;
  const indexes = await readIndexes(hub, cube);
  const askedOf = (catalog: string): readonly string[] | null => {
    const index = indexes.get(catalog);
    return index === undefined ? null : (readDefinition(index, accel, { model, machine })?.features ?? null);
  };
  const reach = modelReach(cube, { model, machine, askedOf });
  const report = reportWhere({ cell, cube, reach, needs: featureNeeds(reach) }, factsOf(question, cell.at));
  await writeTold(question.terminal, report, question.format);
  return codeOf(reach);
}

/** The catalogs of all QEMUs that answer, by hash. */
async function readIndexes(hub: HubClient, { sheets }: Cube): Promise<ReadonlyMap<string, CatalogIndex>> {
  const indexes = new Map<string, CatalogIndex>();
  for (const hash of new Set(sheets.map(({ qemu }) => qemu.catalog))) {
    const bytes = await hub.readBytes(`catalogs/${encodeURIComponent(hash)}`, 'application/json');
    indexes.set(hash, indexCatalog(parseCatalogText(new TextDecoder().decode(bytes), hash)));
  }
  return indexes;
}

/** A word that no QEMU of the fleet knows is a slip of the pen, not an answer. */
function checkNames({ sheets }: Cube, { model, machine }: FleetCell): void {
  if (sheets.length === 0) return;
  if (!sheets.some(({ models }) => models.some(({ name }) => name === model)))
    throw new AtlasError('CPU_MODEL_UNKNOWN', 'no QEMU of these hosts has such a model', {
      where: model,
      remedy: 'take the name of a model from: cpu-atlas models',
    });
  const isKnown = sheets.some((sheet) =>
    sheet.machines.some(({ machines, aliases }) => [...machines, ...aliases].some((name) => name === machine)),
  );
  if (!isKnown)
    throw new AtlasError('MACHINE_TYPE_UNKNOWN', 'no QEMU of these hosts has such a machine type', {
      where: machine,
      remedy: 'name a machine type of these QEMUs, or its alias q35 or pc',
    });
}

function codeOf(reach: readonly ModelReach[]): ExitCode {
  const outcomes = reach.map(({ outcome }) => outcome);
  if (outcomes.some((outcome) => outcome !== 'runnable' && outcome !== 'unknown')) return exitCodes.no;
  return outcomes.length === 0 || outcomes.includes('unknown') ? exitCodes.unknown : exitCodes.yes;
}
