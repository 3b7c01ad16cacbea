import { parseAccelerator } from '@cpu-atlas/contract';
import { baselineModes } from '@cpu-atlas/core';
import type { BaselineMode, KernelIrqchip } from '@cpu-atlas/core';
import { Option, type Command } from 'commander';
import type { Run, Surroundings } from '../program.ts';
import { formatOption, irqchipOption, openAnswerer } from './shared-options.ts';

interface Given {
  readonly mode: BaselineMode;
  readonly catalog?: string;
  readonly accel: string;
  readonly machine?: string;
  readonly kernelIrqchip?: KernelIrqchip;
  readonly migratable: boolean;
  readonly libvirt?: string;
  readonly format: 'table' | 'json';
}

export function addBaseline(program: Command, run: Run, surroundings: Surroundings): void {
  program
    .command('baseline')
    .description('Tell the best CPU that runs on all of some hosts')
    .argument('<snapshots...>', 'host snapshot files, or self')
    .addOption(
      new Option('--mode <mode>', 'what best means').choices(baselineModes).default('all-you-can-enable' as const),
    )
    .option('--catalog <catalog>', 'one QEMU for all hosts: a catalog file, a version, or sha256:…')
    .option('--accel <accel>', 'kvm or tcg', 'kvm')
    .option('--machine <type>', 'left out: the newest versioned q35 that all these QEMUs have')
    .addOption(irqchipOption())
    .option('--no-migratable', 'also what does not survive a migration, such as invtsc')
    .option('--libvirt <release>', 'also tell what that libvirt would answer, such as 11.3.0')
    .addOption(formatOption(surroundings.terminal))
    .action((snapshots: string[], given: Given) =>
      run(async () => {
        const { findHostBaseline } = await import('../commands/baseline.ts');
        const { mode, catalog, machine, kernelIrqchip, migratable, libvirt, format } = given;
        return findHostBaseline({
          terminal: surroundings.terminal,
          answerer: openAnswerer(surroundings, { looksForQemu: catalog === undefined }),
          snapshots,
          catalog,
          accel: parseAccelerator(given.accel, '--accel'),
          machine,
          kernelIrqchip,
          mode,
          migratable,
          libvirt,
          format,
        });
      }),
    );
}
