import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  byRelease,
  findAbiChanges,
  indexCpuMap,
  listNameHistories,
  refereeCpuMap,
  reportModels,
  reportReferee,
  reportStability,
  type Accelerator,
  type CatalogIndex,
  type LibvirtMapIndex,
  type ReportFact,
} from '@cpu-atlas/core';
import { importLimits, readCpuMap } from '@cpu-atlas/importer';
import { listShippedCatalogs, openLibvirtMaps, shippedDirectory } from '@cpu-atlas/server/library';
import type { Answerer } from '../answerer.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../output/terminal.ts';
import { writeTold, type ToldAs } from '../output/write-report.ts';
import { readOwnVersion } from '../own-version.ts';
import { unreadable } from '../sources/limited-file.ts';
import { machineOfCatalogs } from './baseline-hosts.ts';

/** A question about what QEMUs define; no host is asked. */
export interface DefinitionQuestion {
  readonly terminal: Terminal;
  readonly answerer: Answerer;
  readonly format: ToldAs;
}

const atlas = (): ReportFact => ({ name: 'CPU Atlas', value: readOwnVersion() });

async function indexOf(answerer: Answerer, catalog: string | undefined): Promise<CatalogIndex> {
  return (await answerer.prepare({ snapshot: undefined, catalog })).context.index;
}

/** Lists the models of a QEMU. @throws what reading catalogs throws, MACHINE_TYPE_UNKNOWN */
export async function listModels(
  { terminal, answerer, format }: DefinitionQuestion,
  asked: { readonly catalog: string | undefined; readonly accel: Accelerator; readonly machine: string | undefined },
): Promise<ExitCode> {
  const index = await indexOf(answerer, asked.catalog);
  const machine = machineOfCatalogs([index], asked.machine);
  await writeTold(terminal, reportModels(index, asked.accel, machine, atlas()), format);
  return exitCodes.yes;
}

/** Tells what changed between releases, of the shipped catalogs where none is named. 1: a promise was broken. */
export async function tellStability(
  { terminal, answerer, format }: DefinitionQuestion,
  catalogs: readonly string[],
): Promise<ExitCode> {
  const named = catalogs.length > 0 ? catalogs : (await listShippedCatalogs(shippedDirectory)).map(({ path }) => path);
  const indexes: CatalogIndex[] = [];
  for (const catalog of named) indexes.push(await indexOf(answerer, catalog));
  indexes.sort(byRelease);
  const changes = findAbiChanges(indexes);
  const releases = indexes.map(({ catalog }) => catalog.qemu.version);
  await writeTold(terminal, reportStability(changes, listNameHistories(indexes), releases, atlas()), format);
  return changes.some(({ isPromised }) => isPromised) ? exitCodes.no : exitCodes.yes;
}

/** Which CPU map is held against QEMU: one that is shipped, or an installed one. */
export type AskedMap =
  | { readonly kind: 'release'; readonly release: string }
  | { readonly kind: 'directory'; readonly path: string; readonly release: string };

/** Holds libvirt's CPU map against the definitions of a QEMU. 1: they disagree about a model. */
export async function refereeMap(
  { terminal, answerer, format }: DefinitionQuestion,
  asked: { readonly catalog: string | undefined; readonly accel: Accelerator; readonly map: AskedMap },
): Promise<ExitCode> {
  const index = await indexOf(answerer, asked.catalog);
  const referee = refereeCpuMap(await readMap(asked.map), index, asked.accel);
  await writeTold(terminal, reportReferee(referee, index.catalog.qemu.version, asked.accel, atlas()), format);
  return referee.disagreements.length > 0 ? exitCodes.no : exitCodes.yes;
}

async function readMap(map: AskedMap): Promise<LibvirtMapIndex> {
  if (map.kind === 'release') return openLibvirtMaps().of(map.release);
  const read = async (name: string): Promise<string> => {
    const path = join(map.path, name);
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    return text.slice(0, importLimits.textBytes);
  };
  return indexCpuMap(await readCpuMap(read, map.release));
}
