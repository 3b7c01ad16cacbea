import { baselineModes } from '@cpu-atlas/core';
import type { BaselineMode } from '@cpu-atlas/core';
import { Option, type Command } from 'commander';
import type { AnsweredAs } from '../output/write-answer.ts';
import type { Run, Surroundings } from '../program.ts';
import { addHostQuestion, hostQuestionOf, type GivenHostQuestion } from './host-question.ts';
import { answerOption } from './shared-options.ts';

interface Given extends GivenHostQuestion {
  readonly mode: BaselineMode;
  readonly migratable: boolean;
  readonly libvirt?: string;
  readonly format: AnsweredAs;
}

export function addBaseline(command: Command, run: Run, surroundings: Surroundings): void {
  addHostQuestion(command)
    .addOption(
      new Option('--mode <mode>', 'what best means').choices(baselineModes).default('all-you-can-enable' as const),
    )
    .option('--no-migratable', 'also what does not survive a migration, such as invtsc')
    .option('--libvirt <release>', 'also tell what that libvirt would answer, such as 11.3.0')
    .addOption(answerOption(surroundings.terminal))
    .action((snapshots: string[], given: Given) =>
      run(async () => {
        const { findHostBaseline } = await import('../commands/baseline.ts');
        const { mode, migratable, libvirt, format } = given;
        const question = hostQuestionOf(snapshots, given, surroundings);
        return findHostBaseline({ ...question, mode, migratable, libvirt, format });
      }),
    );
}
