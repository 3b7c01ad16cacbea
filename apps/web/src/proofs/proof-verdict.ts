import type { Accelerator, KernelIrqchip } from '@cpu-atlas/core';
import { proofKey } from './proof-store.ts';
import type { Proofs } from './proof-store.ts';

/** A cell of the grid; several machine types when they are folded. */
export interface ProvenCell {
  readonly snapshot: string;
  readonly catalog: string;
  readonly accel: Accelerator;
  readonly irqchip: KernelIrqchip | '';
  readonly model: string;
  readonly machines: readonly string[];
}

/** What a real QEMU said of a cell in this session; one difference weighs more than any number of agreements. */
export function findVerdict(proofs: Proofs, cell: ProvenCell): 'equal' | 'different' | null {
  if (proofs.size === 0) return null;
  let verdict: 'equal' | null = null;
  for (const machine of cell.machines) {
    const proof = proofs.get(keyOfCell(cell, machine));
    if (proof?.kind !== 'answered') continue;
    if (proof.result.outcome === 'different') return 'different';
    if (proof.result.outcome === 'equal') verdict = 'equal';
  }
  return verdict;
}

export function keyOfCell(
  { snapshot, catalog, accel, irqchip, model }: Omit<ProvenCell, 'machines'>,
  machine: string,
): string {
  return proofKey({ snapshot, catalog, accel, irqchip, machine, cpu: model });
}
