import type { HostMatrix } from '@cpu-atlas/core';
import { orderFamilies } from './family-order.ts';

/** A model as one line of the matrix, or a family of models folded or unfolded above its members. */
export type ModelEntry =
  | {
      readonly kind: 'family';
      readonly key: string;
      readonly label: string;
      readonly models: readonly number[];
      readonly isOpen: boolean;
    }
  | {
      readonly kind: 'model';
      readonly key: string;
      readonly label: string;
      readonly model: number;
      /** Names that stand for this model on every machine type shown, and so need no line of their own. */
      readonly aliases: readonly string[];
      readonly isNested: boolean;
      readonly isDeprecated: boolean;
    };

export interface ModelChoice {
  readonly showDeprecated: boolean;
  readonly onlyDiffering: boolean;
  /** Models that the search leaves, or null for all. */
  readonly found: ReadonlySet<number> | null;
  /** CPUID vendor of the host (`AuthenticAMD`): families of its own kind come first. */
  readonly hostVendor: string | null;
  /** Families that are folded; `*` folds all. */
  readonly folded: ReadonlySet<string>;
}

/** The model axis: families with their members, filtered, aliases folded into what they stand for. */
export function listModelEntries(
  matrix: HostMatrix,
  columns: readonly number[],
  choice: ModelChoice,
): readonly ModelEntry[] {
  const aliases = findConstantAliases(matrix, columns);
  const isShown = (model: number) => {
    if (matrix.models[model]?.deprecated === true && !choice.showDeprecated) return false;
    return !choice.onlyDiffering || differs(matrix, model, columns);
  };
  const isFound = (model: number) => choice.found === null || choice.found.has(model);
  const aliasesOf = new Map<number, number[]>();
  for (const [alias, target] of aliases) {
    if (isShown(target)) aliasesOf.set(target, [...(aliasesOf.get(target) ?? []), alias]);
  }
  const members = new Map<string, number[]>();
  matrix.models.forEach(({ family }, model) => {
    const target = aliases.get(model);
    if ((target !== undefined && isShown(target)) || !isShown(model)) return;
    if (!isFound(model) && !(aliasesOf.get(model) ?? []).some(isFound)) return;
    members.set(family, [...(members.get(family) ?? []), model]);
  });
  const nameOf = (model: number) => matrix.models[model]?.name ?? '';
  return orderFamilies(matrix, choice.hostVendor).flatMap((family) => {
    const models = members.get(family) ?? [];
    const isNested = models.length > 1;
    const leaves = models.map((model): ModelEntry => ({
      kind: 'model',
      key: nameOf(model),
      label: nameOf(model),
      model,
      aliases: (aliasesOf.get(model) ?? []).map(nameOf),
      isNested,
      isDeprecated: matrix.models[model]?.deprecated === true,
    }));
    if (!isNested) return leaves;
    const isOpen = !choice.folded.has('*') && !choice.folded.has(family);
    const head: ModelEntry = { kind: 'family', key: `family:${family}`, label: family, models, isOpen };
    return isOpen ? [head, ...leaves] : [head];
  });
}

/** Whether the outcome of a model is not the same in all these columns. */
export function differs(matrix: HostMatrix, model: number, columns: readonly number[]): boolean {
  const start = model * matrix.columns.length;
  const first = columns[0];
  if (first === undefined) return false;
  return columns.some(
    (column) =>
      matrix.status[start + column] !== matrix.status[start + first] ||
      matrix.filteredCount[start + column] !== matrix.filteredCount[start + first],
  );
}

/** Names that stand for one and the same model in all these columns: alias → model. */
function findConstantAliases(matrix: HostMatrix, columns: readonly number[]): ReadonlyMap<number, number> {
  const constant = new Map<number, number>();
  for (let model = 0; model < matrix.models.length; model++) {
    const start = model * matrix.columns.length;
    const targets = new Set(columns.map((column) => matrix.aliasOf[start + column] ?? -1));
    const [target] = targets;
    if (targets.size === 1 && target !== undefined && target >= 0 && target !== model) constant.set(model, target);
  }
  return constant;
}
