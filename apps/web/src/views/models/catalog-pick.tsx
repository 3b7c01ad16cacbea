import type { CatalogSummary } from '@cpu-atlas/contract';
import type { Option } from '../../components/fuzzy-options.ts';
import { PickList } from '../../components/pick-list.tsx';
import { compareMachines } from '../../matrix/machine-axis.ts';
import { sortCatalogs } from './use-catalog.ts';
import type { LoadedCatalog } from './use-catalog.ts';

interface CatalogPickProps {
  readonly loaded: LoadedCatalog;
  readonly onPick: (hash: string) => void;
}

/** Which QEMU answers. */
export function CatalogPick({ loaded: { hash, index, catalogs }, onPick }: CatalogPickProps) {
  return (
    <PickList
      label="QEMU"
      value={<span className="mono panel-value">{index.catalog.qemu.version}</span>}
      chosen={hash}
      options={sortCatalogs(catalogs).map(describeCatalog)}
      onPick={onPick}
    />
  );
}

function describeCatalog({ hash, version, package: name, source }: CatalogSummary): Option {
  return { value: hash, label: version, note: name === '' ? source : `${name}, ${source}` };
}

interface MachinePickProps {
  readonly machines: readonly { readonly name: string; readonly alias?: string; readonly deprecated: boolean }[];
  readonly machine: string;
  readonly onPick: (machine: string) => void;
}

/** Which machine type; aliases first, since they are what people type. */
export function MachinePick({ machines, machine, onPick }: MachinePickProps) {
  const aliases = machines.flatMap(({ name, alias }): readonly Option[] =>
    alias === undefined ? [] : [{ value: alias, label: alias, note: name, group: 'Newest' }],
  );
  const all = [...machines]
    .sort((a, b) => compareMachines(a.name, b.name))
    .map(({ name, deprecated }): Option => ({
      value: name,
      label: name,
      note: deprecated ? 'deprecated' : '',
      group: 'Machine types',
    }));
  return (
    <PickList
      label="Machine type"
      value={<span className="mono panel-value">{machine}</span>}
      chosen={machine}
      options={[...aliases, ...all]}
      placeholder="Machine type"
      onPick={onPick}
    />
  );
}
