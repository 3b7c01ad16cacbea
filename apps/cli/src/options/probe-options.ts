import type { Command } from 'commander';
import type { Run, Surroundings } from '../program.ts';
import { formatOption } from './shared-options.ts';

interface Given {
  readonly out?: string;
  readonly qemu: boolean;
  readonly format: 'table' | 'json';
}

export function addProbe(command: Command, run: Run, { terminal }: Surroundings): void {
  command
    .option('--out <file>', 'write the snapshot to a file')
    .option('--no-qemu', 'do not look for QEMU, which takes longest')
    .addOption(formatOption(terminal))
    .action(({ out, qemu, format }: Given) =>
      run(async () => {
        const { probe } = await import('../commands/probe.ts');
        return probe({ terminal, out, looksForQemu: qemu, format });
      }),
    );
}
