import { AtlasError } from '@cpu-atlas/core';
import type { Command } from 'commander';
import type { AskedCpu } from '../commands/compare.ts';
import type { AnsweredAs } from '../output/write-answer.ts';
import type { Run, Surroundings } from '../program.ts';
import { addHostQuestion, hostQuestionOf, type GivenHostQuestion } from './host-question.ts';
import { answerOption } from './shared-options.ts';

interface Given extends GivenHostQuestion {
  readonly model?: string;
  readonly definition?: string;
  readonly libvirt: string;
  readonly format: AnsweredAs;
}

export function addCompare(command: Command, run: Run, surroundings: Surroundings): void {
  addHostQuestion(command)
    .option('--model <model>', 'a CPU model, such as Skylake-Server')
    .option('--definition <file>', 'instead: a CPU definition as JSON, as the API takes it')
    .option('--libvirt <release>', 'release whose map and rules answer', '11.3.0')
    .option('--exit-code', 'for scripts that say so; the exit code tells the answer without it, too')
    .addOption(answerOption(surroundings.terminal))
    .action((snapshots: string[], given: Given) =>
      run(async () => {
        const { compareWithHosts } = await import('../commands/compare.ts');
        const { libvirt, format } = given;
        const question = hostQuestionOf(snapshots, given, surroundings);
        return compareWithHosts({ ...question, cpu: askedCpu(given), libvirt, format });
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
