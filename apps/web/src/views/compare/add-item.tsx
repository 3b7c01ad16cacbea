import { useQuery } from '@tanstack/react-query';
import { familyOf } from '@cpu-atlas/core';
import { hostsQuery } from '../../api/queries.ts';
import type { Option } from '../../components/fuzzy-options.ts';
import { PickList } from '../../components/pick-list.tsx';
import type { ViewState } from '../../navigation/route.ts';
import type { LoadedCatalog } from '../models/use-catalog.ts';
import { formatItem, itemLimit } from './compare-items.ts';

interface AddItemProps {
  readonly loaded: LoadedCatalog;
  readonly state: ViewState<'compare'>;
  readonly onItems: (items: readonly string[]) => void;
}

/** Hosts and models to add. */
export function AddItem({ loaded: { index }, state: { items }, onItems }: AddItemProps) {
  const hosts = useQuery(hostsQuery);
  const options = [
    ...(hosts.data?.items ?? []).map(({ id, name, cpuName }): Option => ({
      value: formatItem({ kind: 'host', id }),
      label: name,
      note: cpuName ?? '',
      group: 'Hosts',
    })),
    ...index.catalog.models.map(({ name }): Option => ({
      value: formatItem({ kind: 'model', name }),
      label: name,
      note: familyOf(name).family,
      group: 'Models',
    })),
  ].filter(({ value }) => !items.includes(value));
  return (
    <PickList
      label="Things"
      value={
        <span>
          {items.length} of {itemLimit}, add
        </span>
      }
      chosen={null}
      options={items.length < itemLimit ? options : []}
      placeholder="Host or model"
      footer={
        items.length < itemLimit ? null : (
          <p className="pick-list-note">A comparison holds {itemLimit} things at most.</p>
        )
      }
      onPick={(item) => onItems([...items, item])}
    />
  );
}
