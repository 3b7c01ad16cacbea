import type { Cube, PivotItem } from '@cpu-atlas/core';
import { newestFirst, notOfferedClass } from '@cpu-atlas/core';
import { compareMachines } from '../../matrix/machine-axis.ts';
import { labelMachines } from '../../matrix/machine-label.ts';

/** One line of an axis: an item of the pivot, a member of one, or a family of models above its members. */
export interface AxisEntry {
  /** Names it in the address. */
  readonly key: string;
  readonly label: string;
  readonly note: string;
  readonly title: string;
  /** Items of the pivot that it stands for. */
  readonly items: readonly number[];
  /** How many things it counts as: a member that is shown one by one counts once. */
  readonly weight: number;
  readonly members: readonly string[];
  readonly kind: 'item' | 'family';
  readonly fold: 'open' | 'closed' | 'none';
  readonly isNested: boolean;
  readonly isDimmed: boolean;
}

export interface EntryChoice {
  readonly folded: ReadonlySet<string>;
  readonly unfolded: ReadonlySet<string>;
  readonly showDeprecated: boolean;
  /** The machine type that is looked at, or its alias; '': all of them. */
  readonly machine: string;
  /** null: all; otherwise the members that a search leaves. */
  readonly found: ReadonlySet<string> | null;
}

/** Models by vendor and family, foldable; names that only stand for another model are left out. */
export function modelEntries(cube: Cube, items: readonly PivotItem[], choice: EntryChoice): AxisEntry[] {
  const facts = new Map(cube.sheets.flatMap(({ models }) => models.map((model) => [model.name, model] as const)));
  const aliases = constantAliases(cube, choice.machine);
  const families = new Map<string, { readonly label: string; readonly items: number[]; asks: number }>();
  items.forEach(({ members: [name = ''] }, at) => {
    const model = facts.get(name);
    if (model === undefined || aliases.has(name)) return;
    if (model.deprecated && !choice.showDeprecated) return;
    if (choice.found !== null && !choice.found.has(name)) return;
    const key = `${model.vendor} ${model.family}`;
    const family = families.get(key) ?? { label: model.family, items: [], asks: 0 };
    family.asks = Math.max(family.asks, model.asks);
    family.items.push(at);
    families.set(key, family);
  });
  const ordered = [...families.values()].sort((a, b) => vendorRank(a.label) - vendorRank(b.label) || b.asks - a.asks);
  return ordered.flatMap(({ label, items: ofFamily }) => {
    const leaves = ofFamily.map((at): AxisEntry => {
      const name = items[at]?.members[0] ?? '';
      const isDeprecated = facts.get(name)?.deprecated === true;
      return {
        ...plain(name, [at], 1),
        isNested: ofFamily.length > 1,
        isDimmed: isDeprecated,
        note: isDeprecated ? 'deprecated' : '',
      };
    });
    if (ofFamily.length === 1) return leaves;
    const isFolded = choice.folded.has('*') || choice.folded.has(label);
    const head: AxisEntry = {
      ...plain(`family:${label}`, ofFamily, ofFamily.length),
      label,
      title: `${label}, ${ofFamily.length} models`,
      members: ofFamily.flatMap((at) => items[at]?.members ?? []),
      kind: 'family',
      fold: isFolded ? 'closed' : 'open',
    };
    return isFolded ? [head] : [head, ...leaves];
  });
}

/** AMD, Intel, others, those of no vendor; in each the latest generation first, which asks for most. */
function vendorRank(family: string): number {
  const at = ['AMD', 'Intel'].findIndex((vendor) => family.startsWith(vendor));
  return at >= 0 ? at : family.startsWith('QEMU') ? 3 : 2;
}

/** Names that stand for another model on every machine type that is looked at, of every QEMU. */
function constantAliases(cube: Cube, machine: string): ReadonlySet<string> {
  const candidates = cube.sheets.map(({ models, machines, aliasOf, classOf }) => {
    const width = machines.length;
    const isAlias = models.map((_, model) => {
      const offered = machines.flatMap((column, at) => {
        const cell = model * width + at;
        const isLookedAt = machine === '' || column.machines.includes(machine) || column.aliases.includes(machine);
        return !isLookedAt || classOf[cell] === notOfferedClass ? [] : [aliasOf[cell] ?? -1];
      });
      const targets = new Set(offered);
      return targets.size === 1 && !targets.has(-1);
    });
    return new Set(models.filter((_, model) => isAlias[model] === true).map(({ name }) => name));
  });
  const [first, ...others] = candidates;
  return new Set([...(first ?? [])].filter((name) => others.every((set) => set.has(name))));
}

/** Machine types, newest first, equal ones folded into ranges. */
export function machineEntries(cube: Cube, items: readonly PivotItem[], choice: EntryChoice): AxisEntry[] {
  const order = items.flatMap(({ members }) => members).sort(compareMachines);
  const deprecated = new Set(
    cube.sheets.flatMap(({ machines }) => machines.filter((one) => one.deprecated).flatMap((one) => one.machines)),
  );
  const isShown = (name: string) =>
    (choice.showDeprecated || !deprecated.has(name)) && (choice.found === null || choice.found.has(name));
  const shown = items
    .map(({ members }, at) => ({ at, members: members.filter(isShown).sort(compareMachines) }))
    .filter(({ members }) => members.length > 0)
    .sort((a, b) => newestFirst(a.members[0] ?? '', b.members[0] ?? ''));
  return shown.flatMap(({ at, members }) =>
    foldable(at, members, choice.unfolded, (names) => {
      const label = labelMachines(names, order);
      return { label: label.range, note: label.families, title: label.title };
    }),
  );
}

const collator = new Intl.Collator('en', { numeric: true });

/** Hosts; equal ones are one line until they are unfolded, and so are those that are silent. */
export function hostEntries(cube: Cube, items: readonly PivotItem[], choice: EntryChoice): AxisEntry[] {
  const { ids, names, freshness } = cube.hosts;
  const place = new Map(ids.map((id, at) => [id, at]));
  const nameOf = (id: string) => names[place.get(id) ?? -1] ?? id;
  const isSilent = (id: string) => (freshness[place.get(id) ?? -1] ?? 0) !== 0;
  const shown = items
    .map(({ members }, at) => ({
      at,
      members: members
        .filter((id) => choice.found === null || choice.found.has(id))
        .sort((a, b) => collator.compare(nameOf(a), nameOf(b))),
    }))
    .filter(({ members }) => members.length > 0)
    .sort((a, b) => collator.compare(nameOf(a.members[0] ?? ''), nameOf(b.members[0] ?? '')));
  return shown.flatMap(({ at, members }) =>
    foldable(at, members, choice.unfolded, (some) => {
      const [first = ''] = some;
      const silent = some.every(isSilent);
      const label = some.length === 1 ? nameOf(first) : silent ? 'silent' : nameOf(first);
      return {
        label,
        note: silent && some.length === 1 ? 'silent' : '',
        title: `${some.slice(0, 12).map(nameOf).join(', ')}${some.length > 12 ? ` and ${some.length - 12} more` : ''}${silent ? ': silent, so nothing is known' : some.length > 1 ? ': equal hosts' : ''}`,
      };
    }),
  );
}

function plain(key: string, items: readonly number[], weight: number): AxisEntry {
  return {
    ...{ key, label: key, note: '', title: key, items, weight },
    ...{ members: [key], kind: 'item', fold: 'none', isNested: false, isDimmed: false },
  };
}

type Naming = (members: readonly string[]) => Pick<AxisEntry, 'label' | 'note' | 'title'>;

/** One line for equal things, or one for each when they are unfolded. */
function foldable(
  at: number,
  members: readonly string[],
  unfolded: ReadonlySet<string>,
  name: Naming,
): readonly AxisEntry[] {
  const [first = ''] = members;
  if (members.length === 1 || !members.some((member) => unfolded.has(member))) {
    const entry = { ...plain(first, [at], members.length), ...name(members), members };
    return [{ ...entry, fold: members.length === 1 ? 'none' : 'closed' }];
  }
  return members.map((member, place) => ({
    ...plain(member, [at], 1),
    ...name([member]),
    members: [member],
    fold: place === 0 ? 'open' : 'none',
  }));
}
