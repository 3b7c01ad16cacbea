/** What a link that leaves it open shows. */
import type { CatalogSummary, HostSummary } from '@cpu-atlas/contract';

/** The host that is asked for; without a name the backend's own. */
export function pickHost(hosts: readonly HostSummary[] | undefined, id: string): HostSummary | null {
  if (hosts === undefined) return null;
  if (id !== '') return hosts.find((host) => host.id === id) ?? null;
  return hosts.find(({ isSelf }) => isSelf) ?? hosts[0] ?? null;
}

/** The catalog of the host's first QEMU; without a QEMU the newest one there is. */
export function pickCatalog(host: HostSummary, catalogs: readonly CatalogSummary[] | undefined): string {
  const own = host.qemu.find(({ catalog }) => catalog !== null)?.catalog;
  if (own !== undefined && own !== null) return own;
  const newestFirst = [...(catalogs ?? [])].sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }));
  return newestFirst[0]?.hash ?? '';
}
