import { compareNames, newestFirst } from './model-families.ts';
import { hostFreshness, type Cube } from './cube.ts';

/** What is counted along an axis of a pivot: several members are one item where nothing tells them apart. */
export interface PivotItem {
  /** Names of models or machine types, or ids of hosts. */
  readonly members: readonly string[];
}

/** An item with the places that it has in the sheets of the cube, -1: the QEMU of that sheet does not know it. */
export interface PlacedItem extends PivotItem {
  readonly places: readonly number[];
}

/** Hosts that share a column. `sheet` -1: nothing is known of them, or they are silent. */
export interface HostItem extends PivotItem {
  readonly sheet: number;
  readonly column: number;
}

/** Which members of an axis count; absent: all. */
export interface PivotSelection {
  readonly models?: readonly string[] | undefined;
  /** Names or aliases. */
  readonly machines?: readonly string[] | undefined;
  readonly hosts?: readonly string[] | undefined;
}

export function modelItems({ sheets }: Cube, selected: readonly string[] | undefined): PlacedItem[] {
  const positions = sheets.map(({ models }) => new Map(models.map(({ name }, at) => [name, at])));
  const [first] = sheets;
  const names =
    sheets.length === 1
      ? first.models.map(({ name }) => name)
      : [...new Set(positions.flatMap((byName) => [...byName.keys()]))].sort(compareNames);
  const wanted = selected === undefined ? null : new Set(selected);
  return names
    .filter((name) => wanted?.has(name) ?? true)
    .map((name) => ({ members: [name], places: positions.map((byName) => byName.get(name) ?? -1) }));
}

/** Machine types that are in one column of every sheet stay together. An alias is taken as each sheet takes it. */
export function machineItems({ sheets }: Cube, selected: readonly string[] | undefined): PlacedItem[] {
  const positions = sheets.map(({ machines }) => {
    const byName = new Map(machines.flatMap((column, at) => column.machines.map((name) => [name, at] as const)));
    machines.forEach((column, at) => column.aliases.forEach((alias) => byName.set(alias, at)));
    return byName;
  });
  const all = sheets.flatMap(({ machines }) => machines.flatMap((column) => column.machines));
  const items = new Map<string, { readonly members: string[]; readonly places: readonly number[] }>();
  for (const name of new Set(selected ?? all)) {
    const places = positions.map((byName) => byName.get(name) ?? -1);
    if (places.every((place) => place < 0)) continue;
    const key = places.join();
    const item = items.get(key) ?? { members: [], places };
    item.members.push(name);
    items.set(key, item);
  }
  return [...items.values()].map(({ members, places }) => ({ members: members.sort(newestFirst), places }));
}

/** Hosts that share a column; all hosts that are silent, or of which nothing is known, are one item. */
export function hostItems({ hosts, sheetOf, columnOf }: Cube, selected: readonly string[] | undefined): HostItem[] {
  const wanted = selected === undefined ? null : new Set(selected);
  const items = new Map<number, { readonly members: string[]; readonly sheet: number; readonly column: number }>();
  hosts.ids.forEach((id, host) => {
    if (wanted !== null && !wanted.has(id)) return;
    const fingerprint = hosts.fingerprintOf[host];
    const isTold = fingerprint >= 0 && hostFreshness[hosts.freshness[host]] === 'fresh';
    const sheet = isTold ? sheetOf[fingerprint] : -1;
    const column = sheet < 0 ? 0 : columnOf[fingerprint];
    const key = sheet * 0x10000 + column;
    const item = items.get(key) ?? { members: [], sheet, column };
    item.members.push(id);
    items.set(key, item);
  });
  return [...items.values()];
}
