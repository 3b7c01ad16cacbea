import { policyTargetNames } from '@cpu-atlas/contract';
import type { PolicyTargetName } from '@cpu-atlas/core';
import { Option, type Command } from 'commander';
import type { Run, Surroundings } from '../program.ts';
import { addHostQuestion, hostQuestionOf, type GivenHostQuestion } from './host-question.ts';

interface Given extends GivenHostQuestion {
  readonly cpu: string;
  readonly target?: PolicyTargetName[];
  readonly name: string;
  readonly libvirt?: string;
  readonly format: 'text' | 'json';
}

export function addPolicy(command: Command, run: Run, surroundings: Surroundings): void {
  addHostQuestion(command)
    .requiredOption('--cpu <cpu>', 'the argument of -cpu: a model, +feature, -feature')
    .addOption(new Option('--target <targets...>', 'left out: all').choices(policyTargetNames))
    .option('--name <name>', 'for files and custom models', 'cpu-atlas')
    .option('--libvirt <release>', 'check names against the CPU map of that libvirt, such as 11.3.0')
    .addOption(
      new Option('--format <format>', 'text: texts on stdout, objections on stderr')
        .choices(['text', 'json'])
        .default('text' as const),
    )
    .action((snapshots: string[], given: Given) =>
      run(async () => {
        const { writePolicies } = await import('../commands/policy.ts');
        const { target: targets = policyTargetNames, name, cpu, libvirt, format } = given;
        const question = hostQuestionOf(snapshots, given, surroundings);
        return writePolicies({ ...question, name, cpu, targets, libvirt, format });
      }),
    );
}
