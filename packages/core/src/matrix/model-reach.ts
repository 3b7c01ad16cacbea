import type { Cube, SheetQemu } from './cube.ts';
import { compareNames } from './model-families.ts';
import { cellStatus, type CellStatus } from './outcome-table.ts';
import { hostItems } from './pivot-axes.ts';
import { pivotCube } from './pivot-cube.ts';
import { pivotFeatures, supportStates } from './pivot-features.ts';

/** Hosts on which a model comes out alike. */
export interface ModelReach {
  /** Ids. */
  readonly hosts: readonly string[];
  readonly outcome: CellStatus;
  /** Named features that QEMU filters. */
  readonly filteredCount: number;
  /** Features that the model asks for and these hosts do not support; null: what it asks for there is not known. */
  readonly lacks: readonly string[] | null;
  /** Which QEMU answers; null: none that is known, or the hosts are silent. */
  readonly qemu: SheetQemu | null;
}

export interface ReachRequest {
  readonly model: string;
  /** Name or alias; an alias is what each QEMU takes it for. */
  readonly machine: string;
  /** What the model asks for on the machine type, by the catalog of a QEMU; null: not known. */
  readonly askedOf: (catalog: string) => readonly string[] | null;
}

/** What becomes of one model on one machine type of every host: most hosts first, those that run it before others. */
export function modelReach(cube: Cube, { model, machine, askedOf }: ReachRequest): ModelReach[] {
  const pivot = pivotCube(cube, { rows: 'model', columns: 'host', fixed: { models: [model], machines: [machine] } });
  const counts = [pivot.runnable, pivot.filtered, pivot.refused, pivot.unknown, pivot.notOffered];
  const supports = pivotFeatures(cube, {});
  const position = new Map(supports.features.map((name, at) => [name, at]));
  const reach = hostItems(cube, undefined).map(({ members, sheet }, column): ModelReach => {
    const qemu = sheet < 0 ? null : cube.sheets[sheet].qemu;
    const code = counts.findIndex((count) => (count[column] ?? 0) > 0);
    const asked = qemu === null ? null : askedOf(qemu.catalog);
    return {
      hosts: members,
      // No QEMU of the cube knows the model or the machine type: whoever is silent stays unknown.
      outcome: cellStatus[code] ?? (qemu === null ? 'unknown' : 'not-offered'),
      filteredCount: pivot.mostFiltered[column] ?? 0,
      lacks: asked === null ? null : asked.filter((name) => supportOf(name, column) === 'no'),
      qemu,
    };
  });
  return reach.sort(
    (a, b) => rank(a) - rank(b) || a.filteredCount - b.filteredCount || b.hosts.length - a.hosts.length,
  );

  function supportOf(name: string, column: number): (typeof supportStates)[number] {
    const feature = position.get(name);
    return feature === undefined ? 'no' : supportStates[supports.state[feature * supports.columns.length + column]];
  }
}

const rank = ({ outcome }: ModelReach): number => cellStatus.indexOf(outcome);

/** A feature that hosts would have to have for a model to run as defined. */
export interface FeatureNeed {
  readonly name: string;
  /** Ids of the hosts that lack it for sure. */
  readonly lackedBy: readonly string[];
  /** Hosts that were asked: their QEMU offers the model, and they are heard. */
  readonly of: number;
}

/** What keeps a model from running as defined, the feature that most hosts lack first. */
export function featureNeeds(reach: readonly ModelReach[]): FeatureNeed[] {
  const lackedBy = new Map<string, string[]>();
  const asked = reach.filter(({ lacks, outcome }) => lacks !== null && outcome !== 'not-offered');
  const of = asked.reduce((sum, { hosts }) => sum + hosts.length, 0);
  for (const { hosts, lacks } of asked) {
    for (const name of lacks ?? []) lackedBy.set(name, [...(lackedBy.get(name) ?? []), ...hosts]);
  }
  return [...lackedBy]
    .map(([name, hosts]) => ({ name, lackedBy: hosts, of }))
    .sort((a, b) => b.lackedBy.length - a.lackedBy.length || compareNames(a.name, b.name));
}
