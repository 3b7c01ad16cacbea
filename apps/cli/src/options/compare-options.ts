import { parseAccelerator } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import type { KernelIrqchip } from '@cpu-atlas/core';
import type { Command } from 'commander';
import type { AskedCpu } from '../commands/compare.ts';
import type { Run, Surroundings } from '../program.ts';
import { formatOption, irqchipOption, openAnswerer } from './shared-options.ts';

interface Given {
  readonly model?: string;
  readonly definition?: string;
  readonly libvirt: string;
  readonly catalog?: string;
  readonly accel: string;
  readonly machine?: string;
  readonly kernelIrqchip?: KernelIrqchip;
  readonly format: 'table' | 'json';
}

export function addCompare(program: Command, run: Run, surroundings: Surroundings): void {
  program
    .command('compare')
    .description('Compare a CPU with hosts as libvirt does, and tell where QEMU sees it another way')
    .argument('<snapshots...>', 'host snapshot files, or self')
    .option('--model <model>', 'a CPU model, such as Skylake-Server')
    .option('--definition <file>', 'instead: a CPU definition as JSON, as the API takes it')
    .option('--libvirt <release>', 'release whose map and rules answer', '11.3.0')
    .option('--catalog <catalog>', 'one QEMU for all hosts: a catalog file, a version, or sha256:…')
    .option('--accel <accel>', 'kvm or tcg', 'kvm')
    .option('--machine <type>', 'left out: the newest versioned q35 that all these QEMUs have')
    .addOption(irqchipOption())
    .addOption(formatOption(surroundings.terminal))
    .action((snapshots: string[], given: Given) =>
      run(async () => {
        const { compareWithHosts } = await import('../commands/compare.ts');
        const { libvirt, catalog, machine, kernelIrqchip, format } = given;
        return compareWithHosts({
          terminal: surroundings.terminal,
          answerer: openAnswerer(surroundings, { looksForQemu: catalog === undefined }),
          snapshots,
          catalog,
          accel: parseAccelerator(given.accel, '--accel'),
          machine,
          kernelIrqchip,
          cpu: askedCpu(given),
          libvirt,
          format,
        });
      }),
    );
}

function askedCpu({ model, definition }: Given): AskedCpu {
  if (model !== undefined && definition === undefined) return { kind: 'model', model };
  if (definition !== undefined && model === undefined) return { kind: 'file', path: definition };
  throw new AtlasError('USAGE_INVALID', 'one of --model and --definition is needed', {
    where: 'cpu-atlas compare',
    remedy: 'add --model Skylake-Server, or --definition cpu.json',
  });
}
