/**
 * Hosts in lanes of equals, each host to be upgraded once. A constraint is one kind of VM: before their upgrade the
 * lanes `from` take it, afterwards the lanes `to`. It is safe exactly when some host of `to` is upgraded before the last
 * host of `from`: the VM waits there, and moves to the upgraded one.
 */
export interface OrderProblem {
  /** Hosts to be upgraded, by lane; 0 for lanes that stay as they are. */
  readonly sizes: readonly number[];
  readonly constraints: readonly { readonly from: readonly number[]; readonly to: readonly number[] }[];
}

export type FoundOrder =
  /** One lane for each host, in order. */
  | { readonly kind: 'order'; readonly lanes: readonly number[] }
  /** All orders were looked at. */
  | { readonly kind: 'none' }
  | { readonly kind: 'given-up' };

/** Hosts that are put in place before the search gives up. */
const mostSteps = 200_000;

class Search {
  readonly #problem: OrderProblem;
  readonly #left: number[];
  readonly #order: number[] = [];
  readonly #dead = new Set<string>();
  #steps = 0;

  constructor(problem: OrderProblem) {
    this.#problem = problem;
    this.#left = [...problem.sizes];
  }

  run(): FoundOrder {
    const total = this.#left.reduce((sum, size) => sum + size, 0);
    const open = this.#problem.constraints.map((_, at) => at);
    // One list of lanes to try for each host that is in place.
    const pending: { readonly open: readonly number[]; readonly lanes: number[] }[] = [
      { open, lanes: this.#lanesToTry(open) },
    ];
    while (this.#order.length < total) {
      if (this.#steps++ > mostSteps) return { kind: 'given-up' };
      const level = pending[pending.length - 1];
      const lane = level.lanes.pop();
      if (lane === undefined) {
        this.#dead.add(this.#left.join());
        pending.pop();
        const last = this.#order.pop();
        if (last === undefined) return { kind: 'none' };
        this.#left[last] += 1;
        continue;
      }
      const next = this.#place(lane, level.open);
      if (next !== null) pending.push({ open: next, lanes: this.#lanesToTry(next) });
    }
    return { kind: 'order', lanes: this.#order };
  }

  /** Constraints that are still open after the next host of a lane; null: one is broken, and the host not put in place. */
  #place(lane: number, open: readonly number[]): readonly number[] | null {
    const { constraints } = this.#problem;
    this.#left[lane] -= 1;
    const still: number[] = [];
    for (const at of open) {
      const { from, to } = constraints[at];
      const waits = from.some((place) => this.#left[place] > 0);
      if (waits && to.includes(lane)) continue;
      if (!waits) {
        this.#left[lane] += 1;
        return null;
      }
      still.push(at);
    }
    if (this.#dead.size > 0 && this.#dead.has(this.#left.join())) {
      this.#left[lane] += 1;
      return null;
    }
    this.#order.push(lane);
    return still;
  }

  /** Lanes by how much they help, the best last: they settle many constraints, and few wait on them. */
  #lanesToTry(open: readonly number[]): number[] {
    const { constraints, sizes } = this.#problem;
    const worth = sizes.map(() => 0);
    for (const at of open) {
      for (const lane of constraints[at].to) worth[lane] += 2;
      for (const lane of constraints[at].from) worth[lane] -= 1;
    }
    return [...sizes.keys()].filter((lane) => this.#left[lane] > 0).sort((a, b) => worth[a] - worth[b] || b - a);
  }
}

/** Finds an order, deterministically. */
export function findOrder(problem: OrderProblem): FoundOrder {
  const alike = new Map(
    problem.constraints.map((one) => [JSON.stringify([[...one.from].sort(), [...one.to].sort()]), one]),
  );
  return new Search({ sizes: problem.sizes, constraints: [...alike.values()] }).run();
}
