import type { HostSummary } from '@cpu-atlas/contract';
import { isUnknown } from '@cpu-atlas/core';
import type { HostSnapshot } from '@cpu-atlas/core';
import type { ReactNode } from 'react';
import { CopyButton } from '../../components/buttons.tsx';
import { Icon } from '../../components/icons.tsx';
import { Part } from './host-part.tsx';

/** What the snapshot says of the machine besides its layers. */
export function SnapshotFacts({ host, snapshot }: { readonly host: HostSummary; readonly snapshot: HostSnapshot }) {
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
