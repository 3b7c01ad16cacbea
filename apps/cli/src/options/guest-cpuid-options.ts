import { parseAccelerator, parseSmp } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import type { KernelIrqchip } from '@cpu-atlas/core';
import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.ts';
import type { AnsweredAs } from '../output/write-answer.ts';
import type { Run, Surroundings } from '../program.ts';
import { openAnswerer } from './answering.ts';
import { answerOption, irqchipOption, wholeNumber } from './shared-options.ts';

interface Given {
  readonly host: string;
  readonly catalog?: string;
  readonly accel: string;
  readonly machine: string;
  readonly cpu: string;
  readonly kernelIrqchip?: KernelIrqchip;
  readonly smp?: string;
  readonly vcpu: number;
  readonly with?: string;
  readonly withCatalog?: string;
  readonly format: AnsweredAs;
}

/** Source: QEMU 11.1, cpu-max of pc-q35-11.1 is 4096 */
const mostVcpus = 65_536;

export function addGuestCpuid(command: Command, run: Run, surroundings: Surroundings): void {
  command
    .requiredOption('--machine <type>', 'machine type, such as pc-q35-10.0 or q35')
    .requiredOption('--cpu <cpu>', 'the -cpu argument, such as EPYC-Milan,+vmx')
    .option('--accel <accel>', 'kvm or tcg', 'kvm')
    .option('--host <snapshot>', 'a host snapshot file, or self', 'self')
    .option('--catalog <catalog>', 'a catalog file, a QEMU version, or sha256:…; left out: of the host’s QEMU')
    .addOption(irqchipOption())
    .option('--smp <topology>', '8 or cpus=8,sockets=1,cores=4,threads=2')
    .option('--vcpu <index>', 'which vCPU, counted from 0', wholeNumber(0, mostVcpus), 0)
    .option('--with <snapshot>', 'compare with the same guest on this host')
    .option('--with-catalog <catalog>', 'and this QEMU')
    .addOption(answerOption(surroundings.terminal))
    .action((given: Given) => run(() => answer(given, surroundings)));
}

async function answer(given: Given, surroundings: Surroundings): Promise<ExitCode> {
  const { tellGuestCpuid } = await import('../commands/guest-cpuid.ts');
  const { host, catalog, machine, cpu, kernelIrqchip, smp, vcpu, with: other, withCatalog, format } = given;
  if (other === undefined && withCatalog !== undefined)
    throw new AtlasError('USAGE_INVALID', '--with-catalog needs --with', {
      where: 'cpu-atlas guest-cpuid',
      remedy: 'name the other host: --with SNAPSHOT',
    });
  return tellGuestCpuid({
    terminal: surroundings.terminal,
    answerer: openAnswerer(surroundings, { looksForQemu: catalog === undefined }),
    snapshot: host,
    catalog,
    request: {
      accel: parseAccelerator(given.accel, '--accel'),
      machine,
      cpu,
      kernelIrqchip,
      smp: smp === undefined ? undefined : parseSmp(smp, '--smp'),
    },
    vcpu,
    other: other === undefined ? undefined : { snapshot: other, catalog: withCatalog ?? catalog },
    format,
  });
}
