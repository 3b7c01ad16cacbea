import { parseAccelerator } from '@cpu-atlas/contract';
import type { Accelerator, KernelIrqchip } from '@cpu-atlas/core';
import type { Command } from 'commander';
import type { Answerer } from '../answerer.ts';
import type { Terminal } from '../output/terminal.ts';
import type { Surroundings } from '../program.ts';
import { openAnswerer } from './answering.ts';
import { irqchipOption } from './shared-options.ts';

/** What commander makes of the options of `addHostQuestion`. */
export interface GivenHostQuestion {
  readonly catalog?: string;
  readonly accel: string;
  readonly machine?: string;
  readonly kernelIrqchip?: KernelIrqchip;
}

/** A question about some hosts: who they are, and which machine of which QEMU is meant. */
export interface HostQuestion {
  readonly terminal: Terminal;
  readonly answerer: Answerer;
  readonly snapshots: readonly string[];
  /** undefined: each host's own. */
  readonly catalog: string | undefined;
  readonly accel: Accelerator;
  /** undefined: the newest versioned q35 that all these QEMUs have. */
  readonly machine: string | undefined;
  readonly kernelIrqchip: KernelIrqchip | undefined;
}

/** Adds the arguments and options that every question about hosts has. */
export function addHostQuestion(command: Command): Command {
  return command
    .argument('<snapshots...>', 'host snapshot files, or self')
    .option(
      '--catalog <catalog>',
      'one QEMU for all hosts: a catalog file, a version, or sha256:…; left out: each host’s own',
    )
    .option('--accel <accel>', 'kvm or tcg', 'kvm')
    .option('--machine <type>', 'left out: the newest versioned q35 that all these QEMUs have')
    .addOption(irqchipOption());
}

/** @throws ACCELERATOR_UNKNOWN */
export function hostQuestionOf(
  snapshots: readonly string[],
  { catalog, accel, machine, kernelIrqchip }: GivenHostQuestion,
  surroundings: Surroundings,
): HostQuestion {
  return {
    terminal: surroundings.terminal,
    answerer: openAnswerer(surroundings, { looksForQemu: catalog === undefined }),
    snapshots,
    catalog,
    accel: parseAccelerator(accel, '--accel'),
    machine,
    kernelIrqchip,
  };
}
