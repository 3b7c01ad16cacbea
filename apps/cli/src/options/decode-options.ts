import type { Command } from 'commander';
import type { AnsweredAs } from '../output/write-answer.ts';
import type { Run, Surroundings } from '../program.ts';
import { answerOption } from './shared-options.ts';

export function addDecode(command: Command, run: Run, { terminal }: Surroundings): void {
  command
    .argument('[file]', 'the text; - is standard input', '-')
    .addOption(answerOption(terminal))
    .action((file: string, { format }: { readonly format: AnsweredAs }) =>
      run(async () => {
        const { decode } = await import('../commands/decode.ts');
        return decode({ terminal, file, format });
      }),
    );
}
