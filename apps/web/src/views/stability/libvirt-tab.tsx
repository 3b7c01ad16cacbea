import { useQuery } from '@tanstack/react-query';
import { findFeature, indexCpuMap, refereeCpuMap } from '@cpu-atlas/core';
import type { Disagreement, DisputedBit, NamedBit, Referee } from '@cpu-atlas/core';
import { useDeferredValue, useMemo } from 'react';
import { faultOf } from '../../api/fault.ts';
import { cpuMapQuery, cpuMapsQuery } from '../../api/queries.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { SearchField, Select } from '../../components/inputs.tsx';
import { compareMachines } from '../../matrix/machine-axis.ts';
import { labelMachines } from '../../matrix/machine-label.ts';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { sortCatalogs, useCatalog } from '../models/use-catalog.ts';
import type { LoadedCatalog } from '../models/use-catalog.ts';
import { filterDisagreements, keyOfDispute } from './filter-disagreements.ts';

/** What libvirt's own map says of QEMU's models, held against QEMU. */
export function LibvirtTab({ state }: { readonly state: ViewState<'stability'> }) {
  const change = useChange('stability');
  const loaded = useCatalog(state.catalog);
  const releases = useQuery(cpuMapsQuery);
  const release = state.release || (releases.data?.releases.at(-1) ?? '');
  const map = useQuery(cpuMapQuery(release));
  const index = loaded.kind === 'ready' ? loaded.index : null;
  const referee = useMemo(
    () => (index === null || map.data === undefined ? null : refereeCpuMap(indexCpuMap(map.data), index, state.accel)),
    [index, map.data, state.accel],
  );
  const failed = [releases, map].find(({ isError, data }) => isError && data === undefined);
  if (failed !== undefined) return <FaultNotice fault={faultOf(failed.error)} onRetry={() => void failed.refetch()} />;
  if (loaded.kind === 'fault') return <FaultNotice fault={loaded.fault} onRetry={loaded.retry} />;
  if (loaded.kind === 'loading' || referee === null) {
    return <div className="stability-skeleton" role="status" aria-label="Loading libvirt’s map" />;
  }
  return (
    <div className="page">
      <div className="page-toolbar">
        <SearchField
          label="Search models and bits"
          placeholder="Model, feature"
          value={state.search}
          onChange={(text) => change({ search: text }, 'replace')}
        />
        <Select
          label="libvirt"
          value={release}
          options={(releases.data?.releases ?? []).map((one) => ({ value: one, label: `libvirt ${one}` }))}
          onChange={(chosen) => change({ release: chosen, bit: '' })}
        />
        <Select
          label="QEMU"
          value={loaded.hash}
          options={sortCatalogs(loaded.catalogs).map(({ hash, version }) => ({
            value: hash,
            label: `QEMU ${version}`,
          }))}
          onChange={(catalog) => change({ catalog, bit: '' })}
        />
        <p className="quiet" role="status">
          {writeScore(referee)}
        </p>
      </div>
      <RefereeBody referee={referee} loaded={loaded} state={state} />
    </div>
  );
}

function writeScore({ agreeing, disagreements }: Referee): string {
  const apart = new Set(disagreements.map(({ model }) => model));
  const both = agreeing.filter(({ model }) => !apart.has(model)).length;
  return `${both} models agree to the bit on every machine type, ${apart.size} do not`;
}

interface RefereeBodyProps {
  readonly referee: Referee;
  readonly loaded: LoadedCatalog;
  readonly state: ViewState<'stability'>;
}

function RefereeBody({ referee, loaded, state }: RefereeBodyProps) {
  const search = useDeferredValue(state.search);
  const rows = useMemo(
    () => filterDisagreements(referee.disagreements, { search, bit: state.bit }),
    [referee, search, state.bit],
  );
  // Machine types that could not be harvested are in no definition.
  const order = useMemo(() => {
    const all = [...referee.agreeing, ...referee.disagreements].flatMap(({ machines }) => machines);
    return [...new Set(all)].sort(compareMachines);
  }, [referee]);
  return (
    <div className="stability-split">
      <div className="page-scroll" tabIndex={0} role="region" aria-label="Disagreements">
        {rows.length === 0 ? (
          <EmptyState title="They agree">
            <p>libvirt and QEMU say the same of every model that the filters leave.</p>
          </EmptyState>
        ) : (
          <table className="sheet">
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col">Machine types</th>
                <th scope="col">Only libvirt believes</th>
                <th scope="col">Only QEMU gives</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <DisagreementLine
                  key={`${row.model} ${row.machines[0] ?? ''}`}
                  row={row}
                  order={order}
                  hash={loaded.hash}
                />
              ))}
            </tbody>
          </table>
        )}
        <OneSided referee={referee} />
      </div>
      <aside className="page-side stability-bits" tabIndex={0} aria-label="Disputed bits">
        <BitSheet bits={referee.bits} state={state} />
      </aside>
    </div>
  );
}

function DisagreementLine({
  row: { model, machines, onlyLibvirt, onlyQemu },
  order,
  hash,
}: {
  readonly row: Disagreement;
  readonly order: readonly string[];
  readonly hash: string;
}) {
  return (
    <tr>
      <th scope="row">
        <a
          className="mono"
          href={formatRoute(routeTo('model', { name: model, catalog: hash, machine: machines[0] ?? 'q35' }))}
        >
          {model}
        </a>
      </th>
      <td className="mono stability-small" title={machines.join(', ')}>
        {writeMachines(machines, order)}
      </td>
      <td>
        <Bits bits={onlyLibvirt} />
      </td>
      <td>
        <Bits bits={onlyQemu} />
      </td>
    </tr>
  );
}

/** `all but microvm`, or the ranges. */
function writeMachines(machines: readonly string[], order: readonly string[]): string {
  const others = order.filter((name) => !machines.includes(name));
  if (others.length === 0) return 'all';
  if (others.length > 2 || machines.length <= 2) return labelMachines(machines, order).title;
  return `all but ${others.join(', ')}`;
}

function Bits({ bits }: { readonly bits: readonly NamedBit[] }) {
  return (
    <ul className="difference">
      {bits.map(({ name, bit }) => (
        <li key={bit} className="mono" title={`${bit} ${name === null ? '' : (findFeature(name)?.description ?? '')}`}>
          {name ?? bit}
        </li>
      ))}
    </ul>
  );
}

/** Which bits set them apart, and in how many models; one filters the list. */
function BitSheet({ bits, state }: { readonly bits: readonly DisputedBit[]; readonly state: ViewState<'stability'> }) {
  const change = useChange('stability');
  return (
    <table className="sheet">
      <thead>
        <tr>
          <th scope="col">Bit</th>
          <th scope="col">Only</th>
          <th scope="col" className="number">
            Models
          </th>
        </tr>
      </thead>
      <tbody>
        {bits.map((bit) => {
          const key = keyOfDispute(bit);
          const isChosen = state.bit === key;
          return (
            <tr key={key} data-chosen={isChosen ? '' : undefined}>
              <th scope="row">
                <button
                  type="button"
                  className="link mono"
                  aria-pressed={isChosen}
                  title={isChosen ? 'Show all' : `Only models that differ in ${bit.bit}`}
                  onClick={() => change({ bit: isChosen ? '' : key })}
                >
                  {bit.name ?? bit.bit}
                </button>
              </th>
              <td className="quiet">{bit.side === 'qemu' ? 'QEMU' : 'libvirt'}</td>
              <td className="number">{bit.models}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function OneSided({
  referee: { everywhere, unknownToLibvirt, unknownToQemu, release },
}: {
  readonly referee: Referee;
}) {
  const names = (list: readonly string[]) => <span className="mono stability-small">{list.join(', ')}</span>;
  return (
    <dl className="facts stability-onesided">
      <dt>QEMU gives to every model</dt>
      <dd>
        {everywhere.length === 0 ? 'nothing that the map lacks' : names(everywhere.map(({ name, bit }) => name ?? bit))}
      </dd>
      <dt>libvirt {release} does not know</dt>
      <dd>{unknownToLibvirt.length === 0 ? 'none' : names(unknownToLibvirt)}</dd>
      <dt>This QEMU does not have</dt>
      <dd>{unknownToQemu.length === 0 ? 'none' : names(unknownToQemu)}</dd>
    </dl>
  );
}
