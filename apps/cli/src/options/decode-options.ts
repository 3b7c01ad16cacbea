import type { Command } from 'commander';
import type { Run, Surroundings } from '../program.ts';
import { formatOption } from './shared-options.ts';

export function addDecode(command: Command, run: Run, { terminal }: Surroundings): void {
  command
    .argument('[file]', 'the text; - is standard input', '-')
    .addOption(formatOption(terminal))
    .action((file: string, { format }: { readonly format: 'table' | 'json' }) =>
      run(async () => {
        const { decode } = await import('../commands/decode.ts');
        return decode({ terminal, file, format });
      }),
    );
}
