import { availableParallelism } from 'node:os';
import { parseAccelerator, parseSmp } from '@cpu-atlas/contract';
import type { KernelIrqchip } from '@cpu-atlas/core';
import { Option, type Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import type { Run, Surroundings } from '../program.ts';
import { openAnswerer, openCache } from './answering.ts';
import { formatOption, irqchipOption, wholeNumber } from './shared-options.ts';

interface Given {
  readonly qemu: string;
  readonly catalog?: string;
  readonly accel: readonly string[];
  readonly machine: readonly string[];
  readonly cpu: readonly string[];
  readonly allModels: boolean;
  readonly allMachines: boolean;
  readonly kernelIrqchip?: KernelIrqchip;
  readonly smp?: string;
  readonly sample?: number;
  readonly jobs: number;
  readonly format: 'table' | 'json';
}

/** More QEMUs at once gain nothing: each keeps a CPU busy. */
const mostJobs = 64;

export function addVerify(command: Command, run: Run, surroundings: Surroundings): void {
  command
    .option('--qemu <path>', 'the QEMU system emulator', 'qemu-system-x86_64')
    .option('--catalog <catalog>', 'compare with this catalog; left out: the one of this binary, harvested if need be')
    .option('--accel <accel...>', 'kvm, tcg or both', ['kvm'])
    .option('--machine <type...>', 'machine types; left out: the default one of QEMU', [])
    .option('--cpu <cpu...>', '-cpu arguments', [])
    .option('--all-machines', 'all machine types of the binary that start with the accelerator', false)
    .option('--all-models', 'all CPU models of the binary', false)
    .addOption(irqchipOption())
    .option('--smp <topology>', '8 or cpus=8,sockets=1,cores=4,threads=2')
    .option(
      '--sample <n>',
      'only so many of the cells, spread over all of them, the same each time',
      wholeNumber(1, 1_000_000),
    )
    .addOption(
      new Option('--jobs <n>', 'QEMUs at once')
        .argParser(wholeNumber(1, mostJobs))
        .default(Math.min(availableParallelism(), 4), 'one for each CPU, at most 4'),
    )
    .addOption(formatOption(surroundings.terminal))
    .action((given: Given) => run(() => compare(given, surroundings)));
}

async function compare(given: Given, surroundings: Surroundings): Promise<ExitCode> {
  const { verify } = await import('../commands/verify.ts');
  const { contextOfBinary } = await import('../commands/context-of-binary.ts');
  const { terminal, signal } = surroundings;
  const { qemu, catalog, smp } = given;
  const accelerators = given.accel.map((word) => parseAccelerator(word, '--accel'));
  const topology = smp === undefined ? undefined : parseSmp(smp, '--smp');
  const { binary, context } = await contextOfBinary({
    terminal,
    signal,
    qemu,
    catalog,
    cache: openCache(surroundings),
    answerer: openAnswerer(surroundings, { looksForQemu: false }),
  });
  return verify({
    terminal,
    signal,
    binary,
    context,
    accelerators,
    machines: given.machine,
    isAllMachines: given.allMachines,
    cpus: given.cpu,
    isAllModels: given.allModels,
    kernelIrqchip: given.kernelIrqchip,
    smp: topology,
    sample: given.sample,
    jobs: given.jobs,
    format: given.format,
  });
}
