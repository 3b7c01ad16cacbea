import { parseAccelerator, reportFormatSchema } from '@cpu-atlas/contract';
import { baselineModes } from '@cpu-atlas/core';
import type { KernelIrqchip } from '@cpu-atlas/core';
import { Argument, Option, type Command } from 'commander';
import type { ReportKind } from '../commands/export.ts';
import type { Run, Surroundings } from '../program.ts';
import { irqchipOption, openAnswerer, wholeNumber } from './shared-options.ts';

interface Given {
  readonly format: (typeof reportFormatSchema.options)[number];
  readonly out?: string;
  readonly catalog?: string;
  readonly accel: string;
  readonly machine?: string;
  readonly kernelIrqchip?: KernelIrqchip;
  readonly cpu?: string;
  readonly models?: string[];
  readonly machines?: string[];
  readonly rows?: string;
  readonly columns?: string;
  readonly split?: boolean;
  readonly folded: boolean;
  readonly mode?: string;
  readonly limit?: number;
}

const kinds = [
  ...['matrix', 'pivot', 'comparison', 'baseline', 'choices'],
  ...['hosts', 'security'],
] as const satisfies readonly ReportKind[] as readonly ReportKind[];

const axes = ['model', 'machine', 'host'];

export function addExport(program: Command, run: Run, surroundings: Surroundings): void {
  program
    .command('export')
    .description('Write an answer about host files as CSV, XLSX, JSON, Markdown, HTML or PDF')
    .addArgument(new Argument('<kind>', 'what is told').choices(kinds))
    .argument('<snapshots...>', 'host snapshot files, or self')
    .addOption(
      new Option('--format <format>', 'of the file').choices(reportFormatSchema.options).default('csv' as const),
    )
    .option('--out <file>', 'left out: stdout')
    .option('--catalog <catalog>', 'one QEMU for all hosts: a catalog file, a version, or sha256:…')
    .option('--accel <accel>', 'kvm or tcg', 'kvm')
    .option('--machine <type>', 'of baseline, choices and security; left out: the newest q35 that all QEMUs have')
    .addOption(irqchipOption())
    .option('--cpu <cpu>', 'security: the argument of -cpu')
    .option('--models <models...>', 'matrix, pivot and choices: these only')
    .option('--machines <types...>', 'matrix and pivot: these only')
    .addOption(new Option('--rows <axis>', 'pivot').choices(axes))
    .addOption(new Option('--columns <axis>', 'pivot').choices(axes))
    .option('--split', 'pivot: a table for each item of the third axis')
    .option('--no-folded', 'pivot: a column for each host and machine type, even where they are alike')
    .addOption(new Option('--mode <mode>', 'baseline: what best means').choices(baselineModes))
    .addOption(new Option('--limit <n>', 'choices: how many').argParser(wholeNumber(1, 512)))
    .action((kind: ReportKind, snapshots: string[], given: Given) =>
      run(async () => {
        const { exportReport } = await import('../commands/export.ts');
        const { format, out, catalog, machine, kernelIrqchip, cpu, split, folded, ...others } = given;
        const accel = parseAccelerator(given.accel, '--accel');
        return exportReport({
          ...{ terminal: surroundings.terminal, kind, snapshots, catalog, format, out },
          answerer: openAnswerer(surroundings, { looksForQemu: catalog === undefined }),
          options: { ...others, accel, machine, kernelIrqchip, model: cpu, isSplit: split, isFolded: folded },
        });
      }),
    );
}
