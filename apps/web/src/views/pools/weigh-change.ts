import { notOfferedClass, pivotCube } from '@cpu-atlas/core';
import type { Cube } from '@cpu-atlas/core';
import type { HostTally } from './outcome-of-tally.ts';

/** Hosts by how far a catalog can be believed: what one that stands in does not know, the host may have. */
export interface CountedHosts {
  readonly exact: readonly string[];
  readonly standIn: readonly string[];
}

/** One side of a change: a cube, a machine type, and the hosts that count. */
export interface ChangeSide {
  readonly cube: Cube;
  readonly machine: string;
  readonly hosts: CountedHosts;
}

export type ChangeEffect = 'gained' | 'lost' | 'wider' | 'narrower' | 'undecided';

export interface WeighedModel {
  readonly model: string;
  readonly effect: ChangeEffect;
  readonly before: HostTally;
  readonly after: HostTally;
}

interface Counts {
  yes: number;
  no: number;
  unknown: number;
}

/** Has no features of its own: nobody runs it. Source: QEMU, target/i386/cpu.c, x86_base_cpu_type_info */
const bareModel = 'base';

/** On how many hosts each model runs as defined. Nothing is resolved: the cube has it all. */
export function tallyModels({ cube, machine, hosts }: ChangeSide): ModelTallies {
  const total = hosts.exact.length + hosts.standIn.length;
  const counts = new Map<string, Counts>();
  addHosts(counts, cube, machine, { ids: hosts.exact, unoffered: 'no' });
  addHosts(counts, cube, machine, { ids: hosts.standIn, unoffered: 'unknown' });
  const aliases = aliasesOn(cube, machine);
  return new Map(
    [...counts].flatMap(([model, { yes, no, unknown }]) => {
      if (aliases.has(model) || model === bareModel) return [];
      // Hosts that the cube does not have are not known.
      const open = unknown + total - yes - no - unknown;
      const answer = no > 0 ? 'no' : open > 0 || total === 0 ? 'unknown' : 'yes';
      return [[model, { answer, yes, no, unknown: open, total }]] as const;
    }),
  );
}

function addHosts(
  counts: Map<string, Counts>,
  cube: Cube,
  machine: string,
  { ids, unoffered }: { readonly ids: readonly string[]; readonly unoffered: 'no' | 'unknown' },
): void {
  const pivot = pivotCube(cube, { rows: 'model', columns: 'machine', fixed: { machines: [machine], hosts: ids } });
  const hasMachine = pivot.columns.length > 0;
  pivot.rows.forEach(({ members: [model] }, at) => {
    if (model === undefined) return;
    const sum = counts.get(model) ?? { yes: 0, no: 0, unknown: 0 };
    counts.set(model, sum);
    sum.yes += pivot.runnable[at] ?? 0;
    sum.no += (pivot.filtered[at] ?? 0) + (pivot.refused[at] ?? 0);
    sum.unknown += pivot.unknown[at] ?? 0;
    sum[unoffered] += hasMachine ? (pivot.notOffered[at] ?? 0) : ids.length;
  });
}

/** Names that only stand for another model on a machine type, wherever it is offered, and models that it lacks. */
function aliasesOn({ sheets }: Cube, machine: string): ReadonlySet<string> {
  const [own, standing] = [new Set<string>(), new Set<string>()];
  for (const { models, machines, classOf, aliasOf } of sheets) {
    const column = machines.findIndex((one) => one.machines.includes(machine) || one.aliases.includes(machine));
    models.forEach(({ name }, at) => {
      const place = at * machines.length + column;
      const isOffered = column >= 0 && classOf[place] !== notOfferedClass;
      if (isOffered && (aliasOf[place] ?? -1) < 0) own.add(name);
      else standing.add(name);
    });
  }
  return new Set([...standing].filter((name) => !own.has(name)));
}

const share = ({ yes, total }: HostTally): number => (total === 0 ? 0 : yes / total);

/** What a change does to a model; null: nothing. Gained and lost are about all hosts. */
export function effectOf(before: HostTally, after: HostTally): ChangeEffect | null {
  if (before.answer !== after.answer) {
    if (after.answer === 'yes') return 'gained';
    if (before.answer === 'yes') return after.answer === 'no' ? 'lost' : 'undecided';
  }
  if (share(before) !== share(after)) return share(after) > share(before) ? 'wider' : 'narrower';
  if (before.answer === after.answer) return null;
  return after.answer === 'unknown' ? 'undecided' : 'narrower';
}

/** Models by hosts on one side of a change. */
export type ModelTallies = ReadonlyMap<string, HostTally>;

const nowhere = (total: number): HostTally => ({
  ...{ answer: total === 0 ? 'unknown' : 'no', yes: 0, no: total, unknown: 0, total },
});

const totalOf = (tallies: ModelTallies): number => tallies.values().next().value?.total ?? 0;

/** Every model that a change touches. A side without any model counts as many hosts as the other. */
export function weighChange(was: ModelTallies, is: ModelTallies): readonly WeighedModel[] {
  const [before, after] = [totalOf(was) || totalOf(is), totalOf(is) || totalOf(was)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((model) => {
    const sides = { before: was.get(model) ?? nowhere(before), after: is.get(model) ?? nowhere(after) };
    const effect = effectOf(sides.before, sides.after);
    return effect === null ? [] : [{ model, effect, ...sides }];
  });
}

const effectOrder = ['lost', 'gained', 'undecided', 'narrower', 'wider'] as const satisfies readonly ChangeEffect[];

/** What hurts first. */
export function byEffect<T extends Pick<WeighedModel, 'effect' | 'model'>>(models: readonly T[]): readonly T[] {
  return [...models].sort(
    (a, b) =>
      effectOrder.indexOf(a.effect) - effectOrder.indexOf(b.effect) ||
      a.model.localeCompare(b.model, 'en', { numeric: true }),
  );
}
