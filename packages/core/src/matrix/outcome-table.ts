import type { PropertyValues } from '../catalog/catalog.ts';
import type { AcceleratorIndex } from '../catalog/catalog-index.ts';
import { allocateSets, type WordSets, type Words } from '../resolve/words.ts';
import type { ResolveContext } from '../resolve/context.ts';
import { acceleratorOf, isKvmCatalog, isPcMachine, kindOf, type Cell } from '../resolve/locate-cell.ts';
import type { Accelerator, KernelIrqchip, ResolutionStatus } from '../resolve/resolution.ts';
import { settleCell } from '../resolve/settle-cell.ts';
import { judgeCell } from '../resolve/start-sequence.ts';
import { popcount } from '../x86/feature-set.ts';
import type { FeatureSet } from '../x86/word-layout.ts';

/** Codes of `HostMatrix.status`. */
export const cellStatus = ['runnable', 'filtered', 'refused', 'unknown', 'not-offered'] as const;
export type CellStatus = (typeof cellStatus)[number];

export interface MatrixRequest {
  readonly accel: Accelerator;
  readonly kernelIrqchip?: KernelIrqchip | undefined;
}

/** What the matrix keeps of a cell. */
export interface Outcome {
  readonly status: number;
  readonly filtered: number;
  readonly requested: number;
  readonly enabled: number;
  /** Equal for equal status and equal feature words, filtered words and undecided words. */
  readonly digest: number;
}

const statusCode = (status: ResolutionStatus): number => cellStatus.indexOf(status);
const notOffered: Outcome = {
  status: cellStatus.indexOf('not-offered'),
  filtered: 0,
  requested: 0,
  enabled: 0,
  digest: 0,
};

/**
 * Properties that change no feature and keep no CPU from starting while the user sets nothing. One that is not listed
 * here counts as deciding, so that a new one costs time and never an answer.
 */
const idle = new Set([
  ...[
    'hv-version-id-build',
    'hv-version-id-major',
    'hv-version-id-minor',
    'hv-version-id-sbranch',
    'hv-version-id-snumber',
  ],
  ...['hv-version-id-spack', 'x-hv-max-vps', 'x-hv-synic-kvm-only', 'x-migrate-smi-count', 'kvm-no-smi-migration'],
  ...[
    'vmware-cpuid-freq',
    'tcg-cpuid',
    'cpuid-0xb',
    'l3-cache',
    'legacy-cache',
    'legacy-multi-node',
    'host-cache-info',
  ],
  ...['x-consistent-cache', 'x-l1-cache-per-thread', 'x-amd-topoext-features-only', 'check', 'model-id', 'ucode-rev'],
  ...['level', 'xlevel', 'xlevel2', 'min-xlevel', 'min-xlevel2', 'model', 'stepping', 'x-force-cpuid-0x1f'],
]);

function describeDeciding(properties: PropertyValues): string {
  return JSON.stringify(
    Object.entries(properties)
      .filter(([name]) => !idle.has(name))
      .sort(),
  );
}

/** Numbers texts in the order in which they come. */
class Numbering {
  readonly #numbers = new Map<string, number>();

  numberOf(text: string): number {
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    return number;
  }

  get size(): number {
    return this.#numbers.size;
  }
}

/** Named bits only: nameless ones (state components, AMD's copies) are nothing that anybody asks for. */
function namedBits({ index }: ResolveContext): FeatureSet {
  const named = new Uint32Array(index.layout.laneCount);
  index.bitNames.forEach((name, i) => {
    if (name !== null) named[i >> 5] |= 1 << (i & 31);
  });
  return named;
}

/** Whatever of a group of machine types can tell two cells of one row apart. */
function describeGroup({ source }: AcceleratorIndex, group: number, isPc: boolean): string {
  const irqchip = isKvmCatalog(source) ? [source.irqchipDefault[group], source.splitExtDestId[group]] : null;
  const own = describeDeciding(source.groupProperties[group]);
  return JSON.stringify([own, source.withheld[group], source.forcesHostPhysBits[group], irqchip, isPc]);
}

/** One step of FNV-1a; the shift lets high bits reach low ones, without which two of them would cancel out. */
function mix(digest: number, lane: number): number {
  const product = Math.imul(digest ^ lane, 0x01000193);
  return product ^ (product >>> 15);
}

const kinds = ['defined', 'max', 'host', 'base'] as const satisfies readonly Cell['kind'][];

/** Computes each outcome once: cells that nothing can tell apart share it. */
export class OutcomeTable {
  readonly #context: ResolveContext;
  readonly #request: MatrixRequest;
  readonly #accelerator: AcceleratorIndex;
  readonly #named: FeatureSet;
  readonly #kinds: readonly Cell['kind'][];
  readonly #groups = new Numbering();
  readonly #propertyNumbers: readonly number[];
  readonly #propertyCount: number;
  readonly #known = new Map<number, Outcome>();
  /** What one cell is computed in, until it is measured. */
  readonly #sets: WordSets;

  /** @throws ACCELERATOR_UNKNOWN */
  constructor(context: ResolveContext, request: MatrixRequest) {
    this.#context = context;
    this.#request = request;
    this.#accelerator = acceleratorOf(context.index, request.accel);
    this.#named = namedBits(context);
    this.#sets = allocateSets(context.index);
    this.#kinds = context.index.catalog.models.map(({ name }) => kindOf(name));
    const numbering = new Numbering();
    this.#propertyNumbers = this.#accelerator.source.properties.map((properties) =>
      numbering.numberOf(describeDeciding(properties)),
    );
    this.#propertyCount = numbering.size;
  }

  /** The outcomes of all models on machine types of one group, all of them PC machines or none. */
  outcomesOf(group: number, machine: number): Outcome[] {
    const { index } = this.#context;
    const { source } = this.#accelerator;
    const groupNumber = this.#groups.numberOf(
      describeGroup(this.#accelerator, group, isPcMachine(index.catalog.machines[machine].name)),
    );
    return source.groups[group].map((row, model) => {
      if (row < 0) return notOffered;
      const kind = this.#kinds[model];
      const [features, properties] = source.rows[row];
      const traits =
        (features * this.#propertyCount + this.#propertyNumbers[properties]) * kinds.length + kinds.indexOf(kind);
      // There are as many groups as machine types at most.
      const key = traits * index.catalog.machines.length + groupNumber;
      const known =
        this.#known.get(key) ?? this.#compute({ accelerator: this.#accelerator, machine, group, model, row, kind });
      this.#known.set(key, known);
      return known;
    });
  }

  #compute(cell: Cell): Outcome {
    const { catalog } = this.#context.index;
    const cpu = catalog.models[cell.model].name;
    const request = { ...this.#request, machine: catalog.machines[cell.machine].name, cpu };
    const settled = settleCell(this.#context, request, cell, { model: cpu, edits: [] }, this.#sets);
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
