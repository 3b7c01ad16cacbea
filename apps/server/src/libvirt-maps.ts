import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { libvirtCpuMapSchema, parseJsonText, parseWith } from '@cpu-atlas/contract';
import { AtlasError, indexCpuMap, type LibvirtMapIndex } from '@cpu-atlas/core';

/** The CPU maps that come with Atlas: `data/libvirt/RELEASE/cpu-map.json`. */
export const libvirtDirectory = fileURLToPath(new URL('../../../data/libvirt', import.meta.url));

/** libvirt's CPU maps by release; each is read when it is first asked for. */
export interface LibvirtMaps {
  /** `11.3.0`, or `11.3` for any of it. @throws CPU_MAP_INVALID, CATALOG_NOT_FOUND */
  of(release: string): Promise<LibvirtMapIndex>;
  list(): Promise<readonly string[]>;
}

export function openLibvirtMaps(directory: string = libvirtDirectory): LibvirtMaps {
  const kept = new Map<string, Promise<LibvirtMapIndex>>();
  const list = async (): Promise<readonly string[]> => {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
  };
  return {
    list,
    async of(release) {
      const releases = await list();
      const found = releases.find((known) => known === release || known.startsWith(`${release}.`));
      if (found === undefined)
        throw new AtlasError('CATALOG_NOT_FOUND', `there is no CPU map of libvirt ${release}`, {
          where: 'libvirt',
          remedy: `take one of ${releases.join(', ')}`,
        });
      const map = kept.get(found) ?? readMap(join(directory, found, 'cpu-map.json'));
      kept.set(found, map);
      return map;
    },
  };
}

async function readMap(path: string): Promise<LibvirtMapIndex> {
  const fault = { code: 'CPU_MAP_INVALID', source: path } as const;
  const value = parseJsonText(await readFile(path, 'utf8'), fault);
  return indexCpuMap(parseWith(libvirtCpuMapSchema, value, { ...fault, remedy: 'take the map as it was shipped' }));
}
