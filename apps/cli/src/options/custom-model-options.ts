import type { Command } from 'commander';
import type { Run, Surroundings } from '../program.ts';
import { addHub, questionOf, type GivenHub } from './fleet-options.ts';
import { wholeNumber } from './shared-options.ts';

export function addCustomModels(command: Command, run: Run, surroundings: Surroundings): void {
  addHub(command.command('list'), surroundings)
    .description('List them, each in its newest version')
    .action((given: GivenHub) =>
      run(async () => {
        const { listCustomModels } = await import('../commands/custom-models.ts');
        return listCustomModels(questionOf(given, surroundings));
      }),
    );

  addHub(command.command('show'), surroundings)
    .description('Tell one: base, features, properties, and the argument of -cpu that it stands for')
    .argument('<name>', 'of custom-models list')
    .option('--version-number <n>', 'left out: the newest', wholeNumber(1, 999_999_999))
    .action((name: string, given: GivenHub & { readonly versionNumber?: number }) =>
      run(async () => {
        const { showCustomModel } = await import('../commands/custom-models.ts');
        return showCustomModel(questionOf(given, surroundings), name, given.versionNumber);
      }),
    );

  addHub(command.command('save'), surroundings)
    .description('Save one, as a new version; it takes an operator’s token')
    .argument('<name>', 'letters, digits, dots, dashes and underscores')
    .argument('<file>', 'JSON: {"base", "features": [{"name", "isOn"}], "properties": [{"name", "value"}]}; - is stdin')
    .action((name: string, file: string, given: GivenHub) =>
      run(async () => {
        const { saveCustomModel } = await import('../commands/custom-models.ts');
        return saveCustomModel(questionOf(given, surroundings), name, file);
      }),
    );

  addHub(command.command('remove'), surroundings)
    .description('Take one off the list; its versions stay readable. It takes an operator’s token')
    .argument('<name>', 'of custom-models list')
    .action((name: string, given: GivenHub) =>
      run(async () => {
        const { removeCustomModel } = await import('../commands/custom-models.ts');
        return removeCustomModel(questionOf(given, surroundings), name);
      }),
    );
}
