import type { CatalogSummary, HostSummary } from '@cpu-atlas/contract';
import { Part } from './host-part.tsx';
import { writeHarvest } from './write-harvest.ts';

interface BinariesProps {
  readonly host: HostSummary;
  readonly catalogs: readonly CatalogSummary[];
}

/** The QEMUs of a host, and which catalog answers for each. */
export function Binaries({ host, catalogs }: BinariesProps) {
  if (host.qemu.length === 0) return null;
  return (
    <Part title="QEMU binaries">
      <table className="host-table">
        <thead>
          <tr>
            <th scope="col">Binary</th>
            <th scope="col">Version</th>
            <th scope="col">Package</th>
            <th scope="col">Catalog</th>
          </tr>
        </thead>
        <tbody>
          {host.qemu.map((binary) => (
            <tr key={binary.path}>
              <th scope="row" className="mono">
                {binary.path}
              </th>
              <td className="mono">{binary.version}</td>
              <td>{binary.package ?? '–'}</td>
              <td>
                <CatalogOf binary={binary} catalogs={catalogs} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  );
}

function CatalogOf({
  binary,
  catalogs,
}: {
  readonly binary: HostSummary['qemu'][number];
  readonly catalogs: readonly CatalogSummary[];
}) {
  const catalog = catalogs.find(({ hash }) => hash === binary.catalog);
  const size = catalog === undefined ? '' : `, ${catalog.models} models, ${catalog.machineTypes} machine types`;
  if (binary.catalogMatch === 'exact') {
    return (
      <>
        exact{size}
        {catalog?.hasKvm === false ? ', without KVM' : ''}
      </>
    );
  }
  return (
    <>
      {binary.catalogMatch === 'nearest' ? `nearest: ${binary.catalogVersion ?? 'unknown'}${size}` : 'none'}.{' '}
      {writeHarvest(binary.harvest)}
      {binary.harvest.state === 'running' && binary.harvest.machinesTotal !== null ? (
        <progress className="host-progress" value={binary.harvest.machinesDone} max={binary.harvest.machinesTotal} />
      ) : null}
    </>
  );
}
