import { useQuery } from '@tanstack/react-query';
import type { CatalogSummary, HostSummary, LayerState } from '@cpu-atlas/contract';
import { isUnknown } from '@cpu-atlas/core';
import type { HostSnapshot } from '@cpu-atlas/core';
import type { ReactNode } from 'react';
import { faultOf } from '../api/fault.ts';
import { snapshotQuery } from '../api/queries.ts';
import { Age } from '../components/age.tsx';
import { CopyButton } from '../components/buttons.tsx';
import { FaultNotice } from '../components/fault-notice.tsx';
import { Icon } from '../components/icons.tsx';
import { initialMatrixState } from '../navigation/route.ts';
import { useNavigate } from '../navigation/use-route.ts';
import { writeHarvest } from './matrix-banners.tsx';
import { Part } from './host-part.tsx';
import { ProbeButton } from './probe-button.tsx';
import { SelfCheck } from './self-check.tsx';

interface HostCardProps {
  readonly host: HostSummary;
  readonly catalogs: readonly CatalogSummary[];
}

/** One host, layer by layer. */
export function HostCard({ host, catalogs }: HostCardProps) {
  const loaded = useQuery(snapshotQuery(host.snapshotHash));
  const navigate = useNavigate();
  const snapshot = loaded.data?.snapshot;
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
          <button
            type="button"
            className="button"
            onClick={() => navigate({ view: 'matrix', state: { ...initialMatrixState, host: host.id } })}
          >
            <Icon name="matrix" size={12} /> Matrix
          </button>
        </div>
      </header>
      <ol className="layers" aria-label="Layers">
        <Layer title="Hardware" state={host.layers.hardware} seen={host.cpuName ?? 'seen'} />
        <Layer title="Kernel" state={host.layers.kernel} seen={`Linux ${host.kernelRelease ?? ''}`} />
        <Layer title="KVM" state={host.layers.kvm} seen={snapshot === undefined ? 'seen' : describeKvm(snapshot)} />
        <Layer title="QEMU" state={host.layers.qemu} seen={describeQemu(host)} />
      </ol>
      <Binaries host={host} catalogs={catalogs} />
      <SelfCheck host={host} snapshot={snapshot} />
      {loaded.isError && snapshot === undefined ? (
        <FaultNotice fault={faultOf(loaded.error)} onRetry={() => void loaded.refetch()} />
      ) : null}
      {snapshot === undefined ? null : <SnapshotFacts host={host} snapshot={snapshot} />}
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

function Binaries({ host, catalogs }: HostCardProps) {
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

function SnapshotFacts({ host, snapshot }: { readonly host: HostSummary; readonly snapshot: HostSnapshot }) {
  const hardware = snapshot.hardware === undefined || isUnknown(snapshot.hardware) ? null : snapshot.hardware;
  const vulnerabilities = hardware?.vulnerabilities ?? {};
  return (
    <>
      <Part title="Facts">
        <dl className="facts host-facts">
          <Fact name="CPUs">{hardware?.cpus.map(({ cpus }) => cpus).join(' and ')}</Fact>
          <Fact name="Microcode">{hardware?.microcode}</Fact>
          <Fact name="TSC">
            {hardware?.tscKhz === undefined ? undefined : `${(hardware.tscKhz / 1000).toFixed(3)} MHz`}
          </Fact>
          <Fact name="Hypervisor">{hardware === null ? undefined : (hardware.hypervisor ?? 'none, bare metal')}</Fact>
          <ModuleFacts snapshot={snapshot} />
          <Fact name="Collector">{snapshot.collector}</Fact>
          <Fact name="Snapshot">
            <span className="host-hash">{host.snapshotHash}</span>
            <CopyButton label="Copy the hash" text={() => host.snapshotHash} icon />
          </Fact>
        </dl>
      </Part>
      {Object.keys(vulnerabilities).length === 0 ? null : (
        <Part title="Vulnerabilities">
          <VulnerabilityFacts vulnerabilities={vulnerabilities} />
        </Part>
      )}
    </>
  );
}

/** Parameters of each KVM module, folded: there are dozens. */
function ModuleFacts({ snapshot: { kernel } }: { readonly snapshot: HostSnapshot }) {
  if (kernel === undefined || isUnknown(kernel) || isUnknown(kernel.kvm)) return null;
  return Object.entries(kernel.kvm.modules ?? {}).map(([module, parameters]) => {
    const list = Object.entries(parameters);
    const nested = parameters['nested'];
    return (
      <Fact key={module} name={`Module ${module}`}>
        <details>
          <summary>
            <Icon name="right" size={12} /> {list.length} parameters{nested === undefined ? '' : `, nested=${nested}`}
          </summary>
          <p className="host-parameters">{list.map(([name, value]) => `${name}=${value}`).join(' ')}</p>
        </details>
      </Fact>
    );
  });
}

/** Weaknesses that matter first, one a line; those that do not affect this CPU together. */
function VulnerabilityFacts({ vulnerabilities }: { readonly vulnerabilities: Readonly<Record<string, string>> }) {
  const all = Object.entries(vulnerabilities);
  const unaffected = all.filter(([, state]) => state === 'Not affected');
  const rank = (state: string) => (/^vulnerable/i.test(state) ? 0 : 1);
  const affecting = all.filter(([, state]) => state !== 'Not affected').sort(([, a], [, b]) => rank(a) - rank(b));
  return (
    <dl className="facts host-facts">
      {affecting.map(([name, state]) => (
        <Fact key={name} name={name}>
          <span className={rank(state) === 0 ? 'host-vulnerable' : undefined}>{state}</span>
        </Fact>
      ))}
      <Fact name="Not affected">
        {unaffected.length === 0 ? undefined : unaffected.map(([name]) => name).join(' ')}
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  if (children === undefined) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd className="mono">{children}</dd>
    </>
  );
}
