import type { Command } from 'commander';
import type { Run, Surroundings } from '../program.ts';
import { openCache } from './answering.ts';
import { formatOption } from './shared-options.ts';

interface Given {
  readonly qemu: string;
  readonly out?: string;
  readonly kvm: boolean;
  readonly format: 'table' | 'json';
}

export function addHarvest(command: Command, run: Run, surroundings: Surroundings): void {
  const { terminal, signal } = surroundings;
  command
    .option('--qemu <path>', 'the QEMU system emulator', 'qemu-system-x86_64')
    .option('--out <dir>', 'write DIR/catalog.json; left out: keep it for the answers about this host')
    .option('--no-kvm', 'do not use KVM even where it opens')
    .addOption(formatOption(terminal))
    .action(({ qemu, out, kvm, format }: Given) =>
      run(async () => {
        const { harvest } = await import('../commands/harvest.ts');
        return harvest({ terminal, signal, qemu, out, usesKvm: kvm, format, cache: openCache(surroundings) });
      }),
    );
}
