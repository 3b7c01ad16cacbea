import { Option, type Command } from 'commander';
import type { Run, Surroundings } from '../program.ts';
import { addHub, atOption, questionOf, type GivenHub } from './fleet-options.ts';
import { irqchipOption } from './shared-options.ts';

interface GivenCell extends GivenHub {
  readonly catalog?: string;
  readonly accel: 'kvm' | 'tcg';
  readonly kernelIrqchip?: string;
  readonly at?: string;
}

export function addSecurity(command: Command, run: Run, surroundings: Surroundings): void {
  addCell(addHub(command, surroundings))
    .argument('<cpu>', 'as -cpu takes it, such as EPYC-Milan-v2,+ssbd')
    .option('--machine <type>', 'left out: the newest versioned q35 that every host’s QEMU has')
    .action((cpu: string, given: GivenCell & { readonly machine?: string }) =>
      run(async () => {
        const { tellSecurity } = await import('../commands/fleet-security.ts');
        return tellSecurity(questionOf(given, surroundings), { ...given, model: cpu });
      }),
    );
}

export function addWhere(command: Command, run: Run, surroundings: Surroundings): void {
  addCell(addHub(command, surroundings))
    .argument('<model>', 'name of a CPU model, such as EPYC-Milan')
    .option('--machine <type>', 'name or alias; an alias is what each QEMU takes it for', 'q35')
    .action((model: string, given: GivenCell & { readonly machine: string }) =>
      run(async () => {
        const { tellWhere } = await import('../commands/where.ts');
        return tellWhere(questionOf(given, surroundings), { ...given, model });
      }),
    );
}

export function addFeatures(command: Command, run: Run, surroundings: Surroundings): void {
  addHub(command, surroundings)
    .option('--search <words>', 'all of them occur in name, aliases, bits or what is known of the feature')
    .option('--catalog <catalog>', 'a QEMU version such as 10.0, or sha256:…; left out: the one the server chooses')
    .action((given: GivenHub & { readonly search?: string; readonly catalog?: string }) =>
      run(async () => {
        const { listFeatures } = await import('../commands/features.ts');
        return listFeatures(questionOf(given, surroundings), given);
      }),
    );
}

const addCell = (command: Command): Command =>
  command
    .option('--catalog <catalog>', 'one QEMU for all hosts: 10.0, or sha256:…; left out: each host’s own')
    .addOption(new Option('--accel <accel>', 'accelerator').choices(['kvm', 'tcg']).default('kvm'))
    .addOption(irqchipOption())
    .addOption(atOption());
