import type { KernelIrqchip } from '@cpu-atlas/core';
import { InvalidArgumentError, type Command } from 'commander';
import type { PlanSource } from '../commands/plan.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { AnsweredAs } from '../output/write-answer.ts';
import type { Run, Surroundings } from '../program.ts';
import { addHostQuestion, hostQuestionOf, type GivenHostQuestion } from './host-question.ts';
import { answerOption, wholeNumber } from './shared-options.ts';

interface Given extends GivenHostQuestion {
  readonly format: AnsweredAs;
}

type Act<Options> = (source: PlanSource, options: Options) => Promise<ExitCode>;

const collect = (text: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), text];
const collectLists = (
  text: string,
  before: readonly (readonly string[])[] | undefined,
): readonly (readonly string[])[] => [...(before ?? []), text.split(',').filter((part) => part !== '')];
const share = (text: string): number => {
  const value = Number(text);
  if (text !== '' && value >= 0 && value <= 0.95) return value;
  throw new InvalidArgumentError('It must be a number from 0 to 0.95.');
};

/** `plan` and its four questions; all of them are about host snapshot files. */
export function addPlan(command: Command, run: Run, surroundings: Surroundings): void {
  const question = <Options>(name: string, description: string, act: Act<Options>): Command =>
    addHostQuestion(command.command(name))
      .description(description)
      .addOption(answerOption(surroundings.terminal))
      .action((snapshots: string[], given: Given & Options) =>
        run(() => act({ ...hostQuestionOf(snapshots, given, surroundings), format: given.format }, given)),
      );
  addChoices(question);
  addPools(question);
  addWhatIf(question);
  addVms(question);
}

type Question = <Options>(name: string, description: string, act: Act<Options>) => Command;

interface ChoicesGiven {
  readonly model?: readonly string[];
  readonly limit: number;
}

function addChoices(question: Question): void {
  question<ChoicesGiven>('choices', 'Rank every CPU model for these hosts', async (source, { model, limit }) => {
    const { planChoices } = await import('../commands/plan.ts');
    return planChoices(source, { models: model, limit });
  })
    .option('--model <model>', 'only this one; may be given several times', collect)
    .option('--limit <count>', 'how many to show', wholeNumber(1, 1_000), 10);
}

interface PoolsGiven {
  readonly together?: readonly (readonly string[])[];
  readonly apart?: readonly (readonly string[])[];
  readonly minHosts: number;
  readonly require?: readonly string[];
  readonly abiLevel?: number;
  readonly maxPools: number;
  readonly load: number;
}

function addPools(question: Question): void {
  question<PoolsGiven>('pools', 'Split these hosts into live-migration pools', async (source, given) => {
    const { planPools } = await import('../commands/plan.ts');
    return planPools(source, given);
  })
    .option(
      '--together <hosts>',
      'ids or names of hosts, with commas, that share a pool; may be given several times',
      collectLists,
    )
    .option(
      '--apart <hosts>',
      'ids or names of hosts, with commas, that do not; may be given several times',
      collectLists,
    )
    .option('--min-hosts <count>', 'hosts of a pool', wholeNumber(1, 10_000), 1)
    .option('--require <feature>', 'that every pool must have; may be given several times', collect)
    .option('--abi-level <level>', 'x86-64 level that every pool must reach, 1 to 4', wholeNumber(1, 4))
    .option('--max-pools <count>', 'pools of one vendor', wholeNumber(1, 16), 8)
    .option('--load <part>', 'part of a pool’s capacity that is in use, for the loss of a host', share, 0);
}

interface WhatIfGiven {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly replace?: readonly string[];
  readonly qemu?: string;
  readonly toMachine?: string;
  readonly toIrqchip?: KernelIrqchip;
  readonly vms?: string;
}

function addWhatIf(question: Question): void {
  question<WhatIfGiven>('what-if', 'Tell what a change of these hosts would do', async (source, given) => {
    const { planWhatIf } = await import('../commands/plan.ts');
    return planWhatIf(source, given);
  })
    .option('--add <snapshot>', 'a host that joins; may be given several times', collect)
    .option('--remove <host>', 'a host that goes; may be given several times', collect)
    .option(
      '--replace <snapshot>',
      'the same host later: another kernel or microcode; may be given several times',
      collect,
    )
    .option('--qemu <catalog>', 'another QEMU on all of them')
    .option('--to-machine <type>', 'another machine type')
    .option('--to-irqchip <mode>', 'another kernel-irqchip: on, split or off')
    .option('--vms <file>', 'a list of VMs: CSV, JSON or libvirt XML');
}

interface VmsGiven {
  readonly list: string;
  readonly host?: string;
  readonly drain?: string;
  readonly upgrade?: string;
}

function addVms(question: Question): void {
  question<VmsGiven>('vms', 'Tell where VMs can go, and which moves are traps', async (source, given) => {
    const { planVms } = await import('../commands/plan-vms.ts');
    return planVms(source, given);
  })
    .requiredOption('--list <file>', 'a list of VMs: CSV, JSON or libvirt XML')
    .option('--host <host>', 'where VMs run that do not say it')
    .option('--drain <host>', 'a host to be emptied')
    .option('--upgrade <catalog>', 'plan a rolling upgrade of QEMU to it');
}
