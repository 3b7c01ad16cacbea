import type { Catalog } from '@cpu-atlas/core';
import type { LoadedAtlas } from '../api/use-atlas.ts';
import { Age } from '../components/age.tsx';
import type { Option } from '../components/fuzzy-options.ts';
import { PickList } from '../components/pick-list.tsx';
import { LaunchFields } from '../components/launch-fields.tsx';
import { groupByFamily } from '../matrix/machine-name.ts';
import { compareMachines } from '../matrix/machine-axis.ts';
import type { MatrixState } from '../navigation/route.ts';
import type { ChangeMatrix } from '../navigation/use-route.ts';
import { ProbeButton } from './probe-button.tsx';

interface FrontPanelProps {
  readonly atlas: LoadedAtlas;
  readonly state: MatrixState;
  readonly change: ChangeMatrix;
}

/** Everything that changes the answer, in sight and at hand. */
export function FrontPanel({ atlas, state, change }: FrontPanelProps) {
  const { host, catalog, catalogHash, snapshot } = atlas;
  const installed = host.qemu.find((qemu) => qemu.catalog === catalogHash);
  const match = installed === undefined ? 'not installed' : installed.catalogMatch;
  return (
    <>
      <PickList
        label={`QEMU, ${match}`}
        value={<span className="mono panel-value">{installed?.version ?? catalog.qemu.version}</span>}
        chosen={catalogHash}
        options={listCatalogs(atlas)}
        onPick={(hash) => change({ catalog: hash })}
        footer={<CatalogNote atlas={atlas} />}
      />
      <PickList
        label="Machine types"
        value={<span className="mono panel-value">{state.machines === '' ? 'all' : state.machines}</span>}
        chosen={state.machines}
        options={listMachines(catalog)}
        placeholder="Family or machine type"
        onPick={(machines) => change({ machines })}
      />
      <LaunchFields state={state} onChange={change} />
      <PickList
        label={`Host, ${host.freshness.state}`}
        value={
          <span className="panel-host-name" title={host.cpuName ?? undefined}>
            {host.name}
          </span>
        }
        chosen={host.id}
        options={listHosts(atlas)}
        placeholder="Name, CPU, kernel"
        onPick={(id) => change({ host: id, snapshot: '', catalog: '' })}
      />
      <div className="field panel-host">
        <span className="field-label">Seen</span>
        <span className="field-value">
          <Age of={snapshot.collectedAt} />
          <ProbeButton host={host} onProbed={(summary) => change({ snapshot: summary.snapshotHash }, 'replace')} />
        </span>
      </div>
    </>
  );
}

function listCatalogs({ host, catalogs }: LoadedAtlas): readonly Option[] {
  const own = host.qemu.flatMap(({ catalog, version, path, catalogMatch }): readonly Option[] =>
    catalog === null
      ? []
      : [{ value: catalog, label: version, note: `${path}, ${catalogMatch}`, group: `Installed on ${host.name}` }],
  );
  const installed = new Set(own.map(({ value }) => value));
  const others = catalogs
    .filter(({ hash }) => !installed.has(hash))
    .map(({ hash, version, package: name, source }): Option => ({
      value: hash,
      label: version,
      note: name === '' ? source : `${name}, ${source}`,
      group: 'What if it were another QEMU',
    }));
  return [...own, ...others];
}

function listHosts({ hosts }: LoadedAtlas): readonly Option[] {
  return hosts.map(({ id, name, cpuName, kernelRelease, isSelf, freshness }) => ({
    value: id,
    label: name,
    note: [cpuName, kernelRelease, freshness.state === 'fresh' ? null : freshness.state].filter(Boolean).join(', '),
    group: isSelf ? 'This backend' : 'Fleet',
  }));
}

function CatalogNote({ atlas: { catalog } }: { readonly atlas: LoadedAtlas }) {
  if (catalog.notSeen.length === 0) return null;
  return <p className="pick-list-note">Its harvest could not see: {catalog.notSeen.join('; ')}.</p>;
}

function listMachines({ machines }: Catalog): readonly Option[] {
  const families = groupByFamily(machines.map(({ name }) => name).sort(compareMachines));
  const byName = new Map(machines.map((machine) => [machine.name, machine]));
  const all: Option = { value: '', label: 'all', note: `${machines.length} machine types` };
  const grouped = [...families].filter(([, members]) => members.length > 1);
  return [
    all,
    ...grouped.map(([family, members]): Option => ({
      value: family,
      label: family,
      note: `${members.length}`,
      group: 'Families',
    })),
    ...[...families.values()].flat().map((name): Option => {
      const machine = byName.get(name);
      const notes = [
        machine?.alias ?? '',
        machine?.isDefault === true ? 'default' : '',
        machine?.deprecated === true ? 'deprecated' : '',
      ];
      return { value: name, label: name, note: notes.filter((note) => note !== '').join(', '), group: 'Machine types' };
    }),
  ];
}
