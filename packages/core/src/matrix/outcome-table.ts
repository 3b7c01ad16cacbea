import type { ResolveContext } from '../resolve/context.ts';
import type { Cell } from '../resolve/locate-cell.ts';
import type { ResolutionStatus } from '../resolve/resolution.ts';
import { settleCell } from '../resolve/settle-cell.ts';
import { judgeCell } from '../resolve/start-sequence.ts';
import { allocateSets, type WordSets, type Words } from '../resolve/words.ts';
import { popcount } from '../x86/feature-set.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { CellClasses, MatrixRequest } from './cell-classes.ts';

/** Codes of `HostMatrix.status`. */
export const cellStatus = ['runnable', 'filtered', 'refused', 'unknown', 'not-offered'] as const;
export type CellStatus = (typeof cellStatus)[number];

/** What the matrix keeps of a cell. */
export interface Outcome {
  readonly status: number;
  readonly filtered: number;
  readonly requested: number;
  readonly enabled: number;
  /** Equal for equal status and equal feature words, filtered words and undecided words. */
  readonly digest: number;
}

export const statusCode = (status: ResolutionStatus | 'not-offered'): number => cellStatus.indexOf(status);

const notOffered: Outcome = { status: statusCode('not-offered'), filtered: 0, requested: 0, enabled: 0, digest: 0 };

/** Named bits only: nameless ones (state components, AMD's copies) are nothing that anybody asks for. */
export function namedBits(index: CatalogIndex): FeatureSet {
  const named = new Uint32Array(index.layout.laneCount);
  index.bitNames.forEach((name, i) => {
    if (name !== null) named[i >> 5] |= 1 << (i & 31);
  });
  return named;
}

/** What a model alone asks of QEMU on a machine type. */
export function requestOf({ catalog }: CatalogIndex, cell: Cell, { accel, kernelIrqchip }: MatrixRequest) {
  return {
    accel,
    kernelIrqchip,
    machine: catalog.machines[cell.machine].name,
    cpu: catalog.models[cell.model].name,
  };
}

/** One step of FNV-1a; the shift lets high bits reach low ones, without which two of them would cancel out. */
function mix(digest: number, lane: number): number {
  const product = Math.imul(digest ^ lane, 0x01000193);
  return product ^ (product >>> 15);
}

/** Computes the outcome of each class once, when it is asked for. */
export class OutcomeTable {
  readonly #context: ResolveContext;
  readonly #classes: CellClasses;
  readonly #named: FeatureSet;
  readonly #known: (Outcome | undefined)[];
  /** What one cell is computed in, until it is measured. */
  readonly #sets: WordSets;

  constructor(context: ResolveContext, classes: CellClasses, named: FeatureSet = namedBits(context.index)) {
    this.#context = context;
    this.#classes = classes;
    this.#named = named;
    this.#known = new Array<Outcome | undefined>(classes.classes.length).fill(undefined);
    this.#sets = allocateSets(context.index);
  }

  /** The outcome of a class (index into `CellClasses.classes`); -1: a model that is not offered. */
  outcomeOf(number: number): Outcome {
    if (number < 0) return notOffered;
    return (this.#known[number] ??= this.#compute(this.#classes.classes[number]));
  }

  #compute(cell: Cell): Outcome {
    const request = requestOf(this.#context.index, cell, this.#classes.request);
    const settled = settleCell(this.#context, request, cell, { model: request.cpu, edits: [] }, this.#sets);
    const { status } = judgeCell(this.#context, request, settled);
    return this.#measure(statusCode(status), settled.words);
  }

  /** Counts and hashes the lanes in one go. What is undecided is hashed, too: without it, silence looks alike. */
  #measure(status: number, { requested, effective, filtered, undecided }: Words): Outcome {
    const counts = { filtered: 0, requested: 0, enabled: 0 };
    let digest = mix(0x811c9dc5, status);
    for (let lane = 0; lane < effective.length; lane++) {
      const named = this.#named[lane];
      counts.filtered += popcount(filtered[lane] & named);
      counts.requested += popcount((requested[lane] | filtered[lane]) & named);
      counts.enabled += popcount(effective[lane] & named);
      digest = mix(mix(mix(digest, effective[lane]), filtered[lane]), undecided[lane]);
    }
    return { status, ...counts, digest: digest >>> 0 };
  }
}
