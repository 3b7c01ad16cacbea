import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { createContext, type ResolveContext } from '../resolve/context.ts';
import type { Accelerator, ResolutionStatus } from '../resolve/resolution.ts';
import { resolveCell } from '../resolve/resolve.ts';
import { bitsOf } from '../x86/feature-set.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { changeCauses, compareLayers, type ChangeCause, type LayerChange } from './compare-layers.ts';

/**
 * gained: runs with all it asks for, and did not. lost: no longer starts at all. narrowed: still starts, with less.
 * widened: starts, or with more. untold, told: it went out of sight, or came into it.
 */
export type ModelTurn = 'gained' | 'lost' | 'narrowed' | 'widened' | 'untold' | 'told';

export interface ModelChange {
  readonly accel: Accelerator;
  /** The name that stands for a machine type on both sides: `q35`. */
  readonly machine: string;
  readonly model: string;
  readonly before: ResolutionStatus | 'not-offered';
  readonly after: ResolutionStatus | 'not-offered';
  readonly turn: ModelTurn;
  /** Features that it gets no longer, or gets now. */
  readonly featuresLost: readonly string[];
  readonly featuresGained: readonly string[];
  /** The layers that did it. */
  readonly causes: readonly ChangeCause[];
}

/** Everything that changed between two snapshots, and what it means for models on the default machine types. */
export interface SnapshotComparison {
  readonly layers: readonly LayerChange[];
  readonly models: readonly ModelChange[];
}

interface ModelOutcome {
  readonly status: ResolutionStatus | 'not-offered';
  /** Features that are asked for and not to be had. */
  readonly unavailable: ReadonlySet<string>;
  /** Of `host` and `max`, which take what there is, what they got; of other models nothing. */
  readonly taken: ReadonlySet<string>;
}

const none: ReadonlySet<string> = new Set();
const notOffered: ModelOutcome = { status: 'not-offered', unavailable: none, taken: none };

/** Machine types by their aliases, which each QEMU takes as it will: those that the default one and q35 go by. */
const defaultMachines = ['pc', 'q35'] as const;

function outcomeOf(context: ResolveContext, accel: Accelerator, machine: string, cpu: string): ModelOutcome {
  const { accelerators, modelByName, machineByName } = context.index;
  const model = modelByName.get(cpu);
  const place = machineByName.get(machine);
  const source = accelerators[accel]?.source;
  if (source === undefined || model === undefined || place === undefined) return notOffered;
  const group = source.machineGroups[place];
  if (group < 0 || source.groups[group][model] < 0) return notOffered;
  const { resolution, words, cell } = resolveCell(context, { accel, machine, cpu });
  const isWhole = cell.kind === 'host' || cell.kind === 'max';
  return {
    status: resolution.status,
    unavailable: new Set(resolution.unavailableFeatures.filter((name) => name !== '')),
    taken: isWhole ? namesOf(context.index, words.effective) : none,
  };
}

function namesOf({ bitNames }: CatalogIndex, set: FeatureSet): ReadonlySet<string> {
  const names = new Set<string>();
  set.forEach((lane, i) => {
    for (const bit of bitsOf(lane)) {
      const name = bitNames[i * 32 + bit];
      if (name !== null) names.add(name);
    }
  });
  return names;
}

const without = (a: ReadonlySet<string>, b: ReadonlySet<string>): string[] => [...a].filter((name) => !b.has(name));

/** Features that are no longer there. In the other direction: that came. */
function lostFeatures(before: ModelOutcome, after: ModelOutcome): string[] {
  return [...new Set([...without(after.unavailable, before.unavailable), ...without(before.taken, after.taken)])];
}

function turnOf(before: ModelOutcome, after: ModelOutcome): ModelTurn | null {
  if (before.status === after.status) {
    if (lostFeatures(before, after).length > 0) return 'narrowed';
    return lostFeatures(after, before).length > 0 ? 'widened' : null;
  }
  if (after.status === 'unknown') return 'untold';
  if (before.status === 'unknown') return 'told';
  const starts = ({ status }: ModelOutcome): boolean => status === 'runnable' || status === 'filtered';
  if (!starts(after)) return starts(before) ? 'lost' : null;
  if (after.status === 'runnable') return 'gained';
  return before.status === 'runnable' ? 'narrowed' : 'widened';
}

function isEqual(a: ModelOutcome, b: ModelOutcome): boolean {
  return a.status === b.status && lostFeatures(a, b).length === 0 && lostFeatures(b, a).length === 0;
}

/** What a change of the host alone did, and what the change of QEMU did then. */
interface Steps {
  readonly before: ModelOutcome;
  /** The host as it is after, under the QEMU of before. */
  readonly between: ModelOutcome;
  readonly after: ModelOutcome;
}

function causesOf(
  { before, between, after }: Steps,
  causeOf: ReadonlyMap<string, ChangeCause>,
  layers: readonly LayerChange[],
): ChangeCause[] {
  const causes = new Set<ChangeCause>();
  if (!isEqual(before, between)) {
    const moved = [...lostFeatures(before, between), ...lostFeatures(between, before)];
    for (const cause of moved.flatMap((name) => causeOf.get(name) ?? [])) causes.add(cause);
    // A refusal or an unknown has no feature to go by: then each layer of the host that changed may have done it.
    if (causes.size === 0) for (const { cause } of layers) if (cause !== 'qemu') causes.add(cause);
  }
  if (!isEqual(between, after)) causes.add('qemu');
  return changeCauses.filter((cause) => causes.has(cause));
}

/**
 * Compares two looks at a host, each under the QEMU that answered for it then.
 * @throws SNAPSHOT_INVALID
 */
export function compareSnapshots(a: ResolveContext, b: ResolveContext): SnapshotComparison {
  const { changes: layers, causeOf } = compareLayers(a, b);
  const isSameQemu = a.index.catalog === b.index.catalog && a.index.release === b.index.release;
  const between = isSameQemu ? b : createContext(a.index, b.snapshot);
  const names = new Set([...a.index.modelByName.keys(), ...b.index.modelByName.keys()]);
  // TCG of one binary is the same on every host, where the binary tells what it supports.
  const accels = isSameQemu && b.index.tcgSupported !== null ? (['kvm'] as const) : (['kvm', 'tcg'] as const);
  const models = accels.flatMap((accel) =>
    defaultMachines.flatMap((machine) =>
      [...names].flatMap((model): ModelChange[] => {
        const before = outcomeOf(a, accel, machine, model);
        const after = outcomeOf(b, accel, machine, model);
        const turn = turnOf(before, after);
        if (turn === null) return [];
        const middle = isSameQemu ? after : outcomeOf(between, accel, machine, model);
        const told = { accel, machine, model, before: before.status, after: after.status, turn };
        return [
          {
            ...told,
            featuresLost: lostFeatures(before, after),
            featuresGained: lostFeatures(after, before),
            causes: causesOf({ before, between: middle, after }, causeOf, layers),
          },
        ];
      }),
    ),
  );
  return { layers, models };
}
