import type { Command } from 'commander';
import type { Run, Surroundings } from '../program.ts';
import { formatOption } from './shared-options.ts';

export function addDecode(program: Command, run: Run, { terminal }: Surroundings): void {
  program
    .command('decode')
    .description('Tell what an error text of QEMU, libvirt, Nova, KubeVirt, XAPI or a guest means')
    .argument('[file]', 'the text; - is standard input', '-')
    .addOption(formatOption(terminal))
    .action((file: string, { format }: { readonly format: 'table' | 'json' }) =>
      run(async () => {
        const { decode } = await import('../commands/decode.ts');
        return decode({ terminal, file, format });
      }),
    );
}
