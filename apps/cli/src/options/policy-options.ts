import { parseAccelerator, policyTargetNames } from '@cpu-atlas/contract';
import type { KernelIrqchip, PolicyTargetName } from '@cpu-atlas/core';
import { Option, type Command } from 'commander';
import type { Run, Surroundings } from '../program.ts';
import { irqchipOption, openAnswerer } from './shared-options.ts';

interface Given {
  readonly cpu: string;
  readonly target?: PolicyTargetName[];
  readonly name: string;
  readonly catalog?: string;
  readonly accel: string;
  readonly machine?: string;
  readonly kernelIrqchip?: KernelIrqchip;
  readonly libvirt?: string;
  readonly format: 'text' | 'json';
}

export function addPolicy(program: Command, run: Run, surroundings: Surroundings): void {
  program
    .command('policy')
    .description('Write one CPU for some hosts as QEMU line, libvirt XML, nova.conf, KubeVirt, Proxmox, Ansible …')
    .argument('<snapshots...>', 'host snapshot files, or self')
    .requiredOption('--cpu <cpu>', 'the argument of -cpu: a model, +feature, -feature')
    .addOption(new Option('--target <targets...>', 'left out: all').choices(policyTargetNames))
    .option('--name <name>', 'for files and custom models', 'cpu-atlas')
    .option('--catalog <catalog>', 'one QEMU for all hosts: a catalog file, a version, or sha256:…')
    .option('--accel <accel>', 'kvm or tcg', 'kvm')
    .option('--machine <type>', 'left out: the newest versioned q35 that all these QEMUs have')
    .addOption(irqchipOption())
    .option('--libvirt <release>', 'check names against the CPU map of that libvirt, such as 11.3.0')
    .addOption(
      new Option('--format <format>', 'text: texts on stdout, objections on stderr')
        .choices(['text', 'json'])
        .default('text' as const),
    )
    .action((snapshots: string[], given: Given) =>
      run(async () => {
        const { writePolicies } = await import('../commands/policy.ts');
        const { target = policyTargetNames, catalog, name, cpu, machine, kernelIrqchip, libvirt, format } = given;
        return writePolicies({
          ...{
            terminal: surroundings.terminal,
            snapshots,
            catalog,
            name,
            cpu,
            machine,
            kernelIrqchip,
            libvirt,
            format,
          },
          answerer: openAnswerer(surroundings, { looksForQemu: catalog === undefined }),
          accel: parseAccelerator(given.accel, '--accel'),
          targets: target,
        });
      }),
    );
}
