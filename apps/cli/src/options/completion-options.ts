import { Argument, type Command } from 'commander';
import { write } from '../output/terminal.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Run, Surroundings } from '../program.ts';
import type { Shell } from '../shape/completions.ts';

const shells = ['bash', 'zsh', 'fish'] as const satisfies readonly Shell[];

export function addCompletion(command: Command, run: Run, { terminal }: Surroundings): void {
  command.addArgument(new Argument('<shell>', 'whose completion is written').choices(shells)).action((shell: Shell) =>
    run(async () => {
      const { completions } = await import('../shape/completions.ts');
      const { readProgramShape } = await import('../shape/command-shape.ts');
      await write(terminal.out, completions[shell](await readProgramShape()));
      return exitCodes.yes;
    }),
  );
}
