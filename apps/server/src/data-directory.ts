import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where harvested catalogs are kept: `CPU_ATLAS_DATA_DIR`, what systemd gives a service (`STATE_DIRECTORY`), else the
 * user's cache. The catalogs in it can be made again; the store in it holds what was observed over time.
 * Source: systemd.exec(5) StateDirectory=; XDG Base Directory Specification
 */
export function dataDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const [stateDirectory = ''] = (environment['STATE_DIRECTORY'] ?? '').split(':');
  const given = environment['CPU_ATLAS_DATA_DIR'] || stateDirectory;
  if (given !== '') return given;
  const cache = environment['XDG_CACHE_HOME'];
  return join(cache !== undefined && isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'cpu-atlas');
}

/** The folder of harvested catalogs in a data directory. */
export function harvestDirectory(directory: string): string {
  return join(directory, 'catalogs');
}

/** The file of the embedded store in a data directory. */
export function storePath(directory: string): string {
  return join(directory, 'atlas.db');
}
