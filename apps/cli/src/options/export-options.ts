import { reportFormatSchema } from '@cpu-atlas/contract';
import { baselineModes } from '@cpu-atlas/core';
import { Argument, Option, type Command } from 'commander';
import type { ReportKind } from '../commands/export.ts';
import type { Run, Surroundings } from '../program.ts';
import { addHostQuestion, hostQuestionOf, type GivenHostQuestion } from './host-question.ts';
import { wholeNumber } from './shared-options.ts';

interface Given extends GivenHostQuestion {
  readonly format: (typeof reportFormatSchema.options)[number];
  readonly out?: string;
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

export function addExport(command: Command, run: Run, surroundings: Surroundings): void {
  addHostQuestion(command.addArgument(new Argument('<kind>', 'what is told').choices(kinds)))
    .addOption(
      new Option('--format <format>', 'of the file').choices(reportFormatSchema.options).default('csv' as const),
    )
    .option('--out <file>', 'left out: stdout')
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
        const { format, out, cpu, split, folded, models, machines, rows, columns, mode, limit } = given;
        const question = hostQuestionOf(snapshots, given, surroundings);
        const { accel, machine, kernelIrqchip } = question;
        return exportReport({
          ...{ ...question, kind, format, out },
          options: {
            ...{ accel, machine, kernelIrqchip, models, machines, rows, columns, mode, limit },
            ...{ model: cpu, isSplit: split, isFolded: folded },
          },
        });
      }),
    );
}
