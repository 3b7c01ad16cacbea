import { useQuery } from '@tanstack/react-query';
import type { Cube } from '@cpu-atlas/core';
import { catalogsQuery } from '../../api/queries.ts';
import type { Option } from '../../components/fuzzy-options.ts';
import { PickList } from '../../components/pick-list.tsx';
import { LaunchFields } from '../../components/launch-fields.tsx';
import { TimeField } from '../../components/time-field.tsx';
import { compareMachines } from '../../matrix/machine-axis.ts';
import type { ViewState } from '../../navigation/route.ts';
import type { ChangeState } from '../../navigation/use-route.ts';

interface PivotPanelProps {
  readonly cube: Cube | null;
  readonly state: ViewState<'pivot'>;
  readonly change: ChangeState<'pivot'>;
}

/** The pairs of axes that make sense, by one name. */
const pairs = [
  { value: 'model host', label: 'Models × hosts' },
  { value: 'model machine', label: 'Models × machine types' },
  { value: 'machine host', label: 'Machine types × hosts' },
  { value: 'feature host', label: 'Features × hosts' },
  { value: 'host model', label: 'Hosts × models' },
  { value: 'machine model', label: 'Machine types × models' },
  { value: 'host machine', label: 'Hosts × machine types' },
] as const satisfies readonly Option[];

/** Everything that changes the answer, in sight and at hand. */
export function PivotPanel({ cube, state, change }: PivotPanelProps) {
  const pair = `${state.rows} ${state.rows === state.columns ? 'host' : state.columns}`;
  const isShown = (axis: string) => pair.split(' ').includes(axis);
  return (
    <>
      <PickList
        label="Axes"
        value={<span className="panel-value">{pairs.find(({ value }) => value === pair)?.label ?? pair}</span>}
        chosen={pair}
        options={pairs}
        onPick={(picked) => change(axesOf(picked))}
      />
      <Qemu cube={cube} state={state} change={change} />
      {isShown('machine') || state.rows === 'feature' ? null : (
        <PickList
          label="Machine type"
          value={<span className="mono panel-value">{state.machine === '' ? 'all' : state.machine}</span>}
          chosen={state.machine}
          options={() => machineOptions(cube)}
          placeholder="Machine type"
          onPick={(machine) => change({ machine })}
        />
      )}
      {isShown('model') || state.rows === 'feature' ? null : (
        <PickList
          label="Model"
          value={<span className="mono panel-value">{state.model === '' ? 'all' : state.model}</span>}
          chosen={state.model}
          options={() => modelOptions(cube)}
          placeholder="Model"
          onPick={(model) => change({ model })}
        />
      )}
      {isShown('host') ? null : (
        <PickList
          label="Host"
          value={<span className="panel-value">{state.host === '' ? 'all' : nameOf(cube, state.host)}</span>}
          chosen={state.host}
          options={() => hostOptions(cube)}
          placeholder="Host"
          onPick={(host) => change({ host })}
        />
      )}
      <LaunchFields state={state} onChange={change} />
      <TimeField at={state.at} onPick={(at) => change({ at })} />
    </>
  );
}

function axesOf(pair: string): Partial<ViewState<'pivot'>> {
  const [rows, columns] = pair.split(' ');
  const chosen = pairs.find(({ value }) => value === pair);
  if (chosen === undefined) return {};
  return {
    rows: rows === 'machine' || rows === 'host' || rows === 'feature' ? rows : 'model',
    columns: columns === 'machine' || columns === 'model' ? columns : 'host',
    row: '',
    column: '',
    search: '',
  };
}

function Qemu({ cube, state, change }: PivotPanelProps) {
  const catalogs = useQuery(catalogsQuery).data?.items ?? [];
  const options: readonly Option[] = [
    { value: 'own', label: 'each host’s own', note: cube?.sheets.map(({ qemu }) => qemu.version).join(', ') ?? '' },
    ...catalogs.map(({ hash, version, package: name, source }): Option => ({
      value: hash,
      label: version,
      note: name === '' ? source : `${name}, ${source}`,
      group: 'What if all ran this QEMU',
    })),
  ];
  const chosen = catalogs.find(({ hash }) => hash === state.catalog);
  return (
    <PickList
      label="QEMU"
      value={<span className="mono panel-value">{chosen?.version ?? 'own'}</span>}
      chosen={state.catalog}
      options={options}
      onPick={(catalog) => change({ catalog })}
    />
  );
}

const all: Option = { value: '', label: 'all', note: 'counted' };

function machineOptions(cube: Cube | null): readonly Option[] {
  const columns = cube?.sheets.flatMap(({ machines }) => machines) ?? [];
  const aliases = [...new Set(columns.flatMap((column) => column.aliases))].sort();
  const names = [...new Set(columns.flatMap((column) => column.machines))].sort(compareMachines);
  return [
    all,
    ...aliases.map((value): Option => ({ value, label: value, note: 'newest of each QEMU', group: 'Aliases' })),
    ...names.map((value): Option => ({ value, label: value, group: 'Machine types' })),
  ];
}

function modelOptions(cube: Cube | null): readonly Option[] {
  const models = new Map(
    cube?.sheets.flatMap((sheet) => sheet.models.map((model) => [model.name, model] as const)) ?? [],
  );
  return [all, ...[...models.values()].map(({ name, family }): Option => ({ value: name, label: name, note: family }))];
}

function hostOptions(cube: Cube | null): readonly Option[] {
  return [all, ...(cube?.hosts.ids ?? []).map((id, at): Option => ({ value: id, label: cube?.hosts.names[at] ?? id }))];
}

function nameOf(cube: Cube | null, id: string): string {
  const at = cube?.hosts.ids.indexOf(id) ?? -1;
  return cube?.hosts.names[at] ?? id;
}
