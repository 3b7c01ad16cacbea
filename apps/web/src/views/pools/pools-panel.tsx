import { useQueries, useQuery } from '@tanstack/react-query';
import type { HostSummary } from '@cpu-atlas/contract';
import { catalogsQuery, machineTypesQuery } from '../../api/queries.ts';
import type { Option } from '../../components/fuzzy-options.ts';
import { PickList } from '../../components/pick-list.tsx';
import { LaunchFields } from '../../components/launch-fields.tsx';
import { TimeField } from '../../components/time-field.tsx';
import { compareMachines } from '../../matrix/machine-axis.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { useAnswered } from './plan-input.ts';
import type { PlanInput } from './plan-input.ts';

interface PoolsPanelProps {
  readonly input: PlanInput;
  readonly total: number;
  readonly state: ViewState<'pools'>;
  readonly isReady: boolean;
}

/** Everything that changes the answer, in sight and at hand. */
export function PoolsPanel({ input, total, state, isReady }: PoolsPanelProps) {
  const change = useChange('pools');
  const machines = useMachineOptions(input.hosts, state.catalog);
  const answered = useAnswered(input);
  const silent = input.hosts.filter(({ freshness }) => freshness.state !== 'fresh').length;
  const catalogs = useCatalogOptions();
  return (
    <>
      <button type="button" className="field field-button" onClick={() => change({ tab: 'hosts', sort: '' })}>
        <span className="field-label">Hosts</span>
        <span className="field-value">
          {isReady ? (
            <>
              <span className="mono">
                {input.hosts.length} of {total}
              </span>
              {silent === 0 ? null : <span className="quiet">{silent} silent</span>}
            </>
          ) : (
            '…'
          )}
        </span>
      </button>
      <PickList
        label="QEMU"
        value={
          <span className="mono panel-value">
            {catalogs.find(({ value }) => value === findCatalog(catalogs, state.catalog))?.label ?? 'own'}
          </span>
        }
        chosen={findCatalog(catalogs, state.catalog)}
        options={[{ value: '', label: 'each host’s own' }, ...catalogs]}
        onPick={(catalog) => change({ catalog })}
      />
      <PickList
        label="Machine type"
        value={
          <span className="mono panel-value">
            {state.machine === '' ? (answered.data?.machine ?? 'newest of all') : state.machine}
          </span>
        }
        chosen={state.machine}
        options={[{ value: '', label: 'the newest that all hosts have' }, ...machines]}
        placeholder="Machine type"
        onPick={(machine) => change({ machine })}
      />
      <LaunchFields state={state} onChange={change} />
      <TimeField at={state.at} onPick={(at) => change({ at })} />
    </>
  );
}

/** Every QEMU that this backend has a catalog of. */
export function useCatalogOptions(): readonly Option[] {
  return (useQuery(catalogsQuery).data?.items ?? []).map(({ hash, version, package: name, source }) => ({
    value: hash,
    label: version,
    note: name === '' ? source : `${name}, ${source}`,
    group: 'What if all ran this QEMU',
  }));
}

/** The value of the option that a link means, by hash or by version; '': none. */
export function findCatalog(options: readonly Option[], reference: string): string {
  return options.find(({ value, label }) => reference !== '' && [value, label].includes(reference))?.value ?? '';
}

const countSharers = (lists: readonly (readonly string[])[], name: string): number =>
  lists.filter((list) => list.includes(name)).length;

/** Machine types that some host's QEMU has; those that all have come first. */
export function useMachineOptions(hosts: readonly HostSummary[], catalog: string): readonly Option[] {
  const own = hosts.map(({ qemu }) => qemu.find((binary) => binary.catalog !== null)?.catalog ?? null);
  const hashes = catalog === '' ? [...new Set(own.filter((hash) => hash !== null))] : [catalog];
  const lists = useQueries({ queries: hashes.map((hash) => machineTypesQuery(hash)) });
  const names = lists.flatMap(({ data }) => (data === undefined ? [] : [data.items.map(({ name }) => name)]));
  const all = [...new Set(names.flat())].sort(compareMachines).reverse();
  const shared = all.filter((name) => countSharers(names, name) === hashes.length);
  const rest = all.filter((name) => !shared.includes(name));
  return [
    ...shared.map((value) => ({ value, label: value, group: 'On all hosts' })),
    ...rest.map((value) => ({ value, label: value, group: 'On some hosts' })),
  ];
}
