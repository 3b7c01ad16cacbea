import { parseAccelerator, parseSmp } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import type { KernelIrqchip } from '@cpu-atlas/core';
import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import type { AnsweredAs } from '../output/write-answer.ts';
import type { Run, Surroundings } from '../program.ts';
import { openAnswerer } from './answering.ts';
import { answerOption, irqchipOption } from './shared-options.ts';

interface Given {
  readonly host?: string;
  readonly catalog?: string;
  readonly accel: string;
  readonly machine?: string;
  readonly cpu?: string;
  readonly kernelIrqchip?: KernelIrqchip;
  readonly smp?: string;
  readonly explain: boolean;
  readonly batch: boolean;
  readonly format: AnsweredAs;
}

const batchHelp = `
With --batch each line of stdin is {"id","snapshot":PATH,"catalog":PATH-or-version,"accel","machine","cpu","kernelIrqchip","smp"}
and gets one line on stdout, in order: the resolution with its id, or {"id","error":{"code","where","message","remedy"}}.`;

export function addResolve(command: Command, run: Run, surroundings: Surroundings): void {
  command
    .option('--host <snapshot>', 'a host snapshot file, or self', undefined)
    .option(
      '--catalog <catalog>',
      'a catalog file, a QEMU version such as 10.0, or sha256:…; left out: of the host’s QEMU',
    )
    .option('--accel <accel>', 'kvm or tcg', 'kvm')
    .option('--machine <type>', 'machine type, such as pc-q35-10.0 or q35')
    .option('--cpu <cpu>', 'the -cpu argument, such as EPYC-Milan,+vmx')
    .addOption(irqchipOption())
    .option('--smp <topology>', '8 or cpus=8,sockets=1,cores=4,threads=2')
    .option('--explain', 'tell each feature: its state, what withholds it, the evidence and the remedy', false)
    .option('--batch', 'answer requests from stdin, one a line', false)
    .addOption(answerOption(surroundings.terminal))
    .addHelpText('after', batchHelp)
    .action((given: Given) =>
      run(() => (given.batch ? answerLines(given, surroundings) : answerOne(given, surroundings))),
    );
}

async function answerLines({ host, catalog, explain }: Given, surroundings: Surroundings): Promise<ExitCode> {
  const { resolveBatch } = await import('../commands/resolve-batch.ts');
  return resolveBatch({
    input: process.stdin,
    terminal: surroundings.terminal,
    answerer: openAnswerer(surroundings, { looksForQemu: catalog === undefined }),
    snapshot: host,
    catalog,
    isExplained: explain,
  });
}

async function answerOne(given: Given, surroundings: Surroundings): Promise<ExitCode> {
  const { resolveOne } = await import('../commands/resolve.ts');
  const { host = 'self', catalog, kernelIrqchip, smp, explain, format } = given;
  return resolveOne({
    terminal: surroundings.terminal,
    answerer: openAnswerer(surroundings, { looksForQemu: catalog === undefined }),
    snapshot: host,
    catalog,
    request: {
      accel: parseAccelerator(given.accel, '--accel'),
      machine: required(given.machine, '--machine', 'pc-q35-10.0 or q35'),
      cpu: required(given.cpu, '--cpu', 'EPYC-Milan,+vmx'),
      kernelIrqchip,
      smp: smp === undefined ? undefined : parseSmp(smp, '--smp'),
    },
    isExplained: explain,
    format,
  });
}

function required(value: string | undefined, option: string, example: string): string {
  if (value !== undefined) return value;
  throw new AtlasError('USAGE_INVALID', `${option} is missing`, {
    where: 'cpu-atlas resolve',
    remedy: `add ${option}, such as ${example}`,
  });
}
