import type { CatalogSummary, HostSummary, LayerState } from '@cpu-atlas/contract';
import { isUnknown } from '@cpu-atlas/core';
import type { HostSnapshot } from '@cpu-atlas/core';
import { Age } from '../../components/age.tsx';
import { Icon } from '../../components/icons.tsx';
import { routeTo } from '../../navigation/route.ts';
import { useNavigate } from '../../navigation/use-route.ts';
import { Binaries } from './host-binaries.tsx';
import { SnapshotFacts } from './host-facts.tsx';
import { TrayButton } from '../compare/tray-button.tsx';
import { ProbeButton } from '../probe-button.tsx';
import { SelfCheck } from './self-check.tsx';

interface HostOverviewProps {
  readonly host: HostSummary;
  readonly snapshot: HostSnapshot;
  readonly catalogs: readonly CatalogSummary[];
}

/** One host, layer by layer. */
export function HostOverview({ host, snapshot, catalogs }: HostOverviewProps) {
  const navigate = useNavigate();
  return (
    <article className="host" aria-labelledby={`host-${host.id}`} data-testid="host-card">
      <header className="host-head">
        <div>
          <h2 className="host-name" id={`host-${host.id}`}>
            {host.name}
          </h2>
          <p className="quiet">
            {host.isSelf ? 'the host on which this backend runs, ' : ''}seen <Age of={host.collectedAt} />
          </p>
        </div>
        <div className="host-actions">
          <ProbeButton host={host} onProbed={() => undefined} isWide />
          <TrayButton item={{ kind: 'host', id: host.id }} />
          <button type="button" className="button" onClick={() => navigate(routeTo('matrix', { host: host.id }))}>
            <Icon name="matrix" size={12} /> Matrix
          </button>
        </div>
      </header>
      <ol className="layers" aria-label="Layers">
        <Layer title="Hardware" state={host.layers.hardware} seen={host.cpuName ?? 'seen'} />
        <Layer title="Kernel" state={host.layers.kernel} seen={`Linux ${host.kernelRelease ?? ''}`} />
        <Layer title="KVM" state={host.layers.kvm} seen={describeKvm(snapshot)} />
        <Layer title="QEMU" state={host.layers.qemu} seen={describeQemu(host)} />
      </ol>
      <Binaries host={host} catalogs={catalogs} />
      <SelfCheck host={host} snapshot={snapshot} />
      <SnapshotFacts host={host} snapshot={snapshot} />
    </article>
  );
}

function Layer({ title, state, seen }: { readonly title: string; readonly state: LayerState; readonly seen: string }) {
  if (state.state === 'known') {
    return (
      <li className="layer">
        <h3 className="layer-title">
          <span className="layer-known">
            <Icon name="check" size={12} />
          </span>
          {title}
        </h3>
        <p>{seen}</p>
      </li>
    );
  }
  return (
    <li className="layer layer-unknown">
      <h3 className="layer-title">
        <Icon name="warning" size={12} />
        {title}, unknown
      </h3>
      <p>{state.reason}</p>
      <p className="inspector-remedy">{state.remedy}</p>
      <p>
        <code className="quiet">{state.code}</code>
      </p>
    </li>
  );
}

function describeKvm({ kernel }: HostSnapshot): string {
  if (kernel === undefined || isUnknown(kernel) || isUnknown(kernel.kvm)) return 'seen';
  const { apiVersion, modules } = kernel.kvm;
  const names = Object.keys(modules ?? {});
  return `API ${apiVersion}${names.length === 0 ? '' : `, ${names.join(', ')}`}`;
}

function describeQemu({ qemu }: HostSummary): string {
  return qemu.length === 1 ? '1 binary' : `${qemu.length} binaries`;
}
