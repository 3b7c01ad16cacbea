import type { LayerState } from '@cpu-atlas/contract';
import type { LoadedAtlas } from '../api/use-atlas.ts';
import { Banner } from '../components/fault-notice.tsx';
import type { MatrixState } from '../navigation/route.ts';
import type { ChangeMatrix } from '../navigation/use-route.ts';
import { WaysIn } from './first-run/first-run.tsx';
import { writeHarvest } from './host/write-harvest.ts';

interface MatrixBannersProps {
  readonly atlas: LoadedAtlas;
  readonly state: MatrixState;
  readonly change: ChangeMatrix;
}

/** What makes the matrix less than it could be: an unknown layer, a nearest catalog, an old snapshot. */
export function MatrixBanners({ atlas, state, change }: MatrixBannersProps) {
  const { host, catalogHash, snapshotHash } = atlas;
  const unknown = state.accel === 'kvm' ? firstUnknown(host.layers.kvm, host.layers.kernel) : null;
  const binary = host.qemu.find(({ catalog }) => catalog === catalogHash);
  const own = host.qemu.find(({ catalogMatch }) => catalogMatch === 'exact');
  const isNearest = binary?.catalogMatch === 'nearest';
  const isLeftBehind = binary === undefined && own?.catalog != null && isOfSameVersion(atlas, own.version);
  return (
    <>
      {unknown === null ? null : (
        <Banner
          action={
            <button type="button" className="button" onClick={() => change({ accel: 'tcg' })}>
              Show tcg
            </button>
          }
        >
          KVM on {host.name} was not seen, so what depends on it is unknown: {unknown.reason}. To mend: {unknown.remedy}
          .
        </Banner>
      )}
      {unknown !== null && atlas.hosts.length === 1 ? (
        <div className="ways-in-hint">
          <p>What KVM would do on the only host is unknown. Without KVM here, a matrix comes from:</p>
          <WaysIn />
        </div>
      ) : null}
      {isNearest ? (
        <Banner>
          {binary.path} is QEMU {binary.version}; the nearest catalog, {binary.catalogVersion}, answers for it.{' '}
          {writeHarvest(binary.harvest)}
        </Banner>
      ) : null}
      {isLeftBehind ? (
        <Banner
          action={
            <button type="button" className="button" onClick={() => change({ catalog: own.catalog ?? '' })}>
              Use it
            </button>
          }
        >
          The catalog of {own.path} itself is ready.
        </Banner>
      ) : null}
      {snapshotHash !== host.snapshotHash && !atlas.isSuperseded ? (
        <Banner
          action={
            <button type="button" className="button" onClick={() => change({ snapshot: host.snapshotHash })}>
              Show the newest
            </button>
          }
        >
          This is an older snapshot of {host.name}; there is a newer one.
        </Banner>
      ) : null}
    </>
  );
}

type UnknownState = Extract<LayerState, { state: 'unknown' }>;

function firstUnknown(...layers: readonly LayerState[]): UnknownState | null {
  return layers.find((layer) => layer.state === 'unknown') ?? null;
}

function isOfSameVersion({ catalog, catalogs, catalogHash }: LoadedAtlas, version: string): boolean {
  const shown = catalogs.find(({ hash }) => hash === catalogHash)?.version ?? catalog.qemu.version;
  return shown.split('.').slice(0, 2).join('.') === version.split('.').slice(0, 2).join('.');
}
