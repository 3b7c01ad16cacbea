import { readFileSync } from 'node:fs';
import { indexCpuMap, type LibvirtCpuMap, type LibvirtMapIndex } from '../plan/libvirt/cpu-map.ts';

/** The map of a libvirt release that ships with Atlas. */
export function shippedCpuMap(release: '9.0.0' | '11.3.0'): LibvirtMapIndex {
  const file = new URL(`../../../../data/libvirt/${release}/cpu-map.json`, import.meta.url);
  return indexCpuMap(JSON.parse(readFileSync(file, 'utf8')) as LibvirtCpuMap);
}
