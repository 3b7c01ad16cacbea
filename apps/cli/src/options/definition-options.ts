import { parseAccelerator } from '@cpu-atlas/contract';
import type { Command } from 'commander';
import type { AskedMap, DefinitionQuestion } from '../commands/definitions.ts';
import type { ToldAs } from '../output/write-report.ts';
import type { Run, Surroundings } from '../program.ts';
import { openAnswerer } from './answering.ts';
import { toldOption } from './shared-options.ts';

interface Given {
  readonly catalog?: string;
  readonly accel: string;
  readonly machine?: string;
  readonly libvirt?: string;
  readonly cpuMap?: string;
  readonly format: ToldAs;
}

/** Where distributions install libvirt's own map. */
const installedMap = '/usr/share/libvirt/cpu_map';

function addQemu(command: Command): Command {
  return command
    .option('--catalog <catalog>', 'a catalog file, a QEMU version such as 10.0, or sha256:…', '10.0')
    .option('--accel <accel>', 'kvm or tcg', 'kvm');
}

const questionOf = ({ format }: Given, surroundings: Surroundings): DefinitionQuestion => ({
  ...{ terminal: surroundings.terminal, format },
  answerer: openAnswerer(surroundings, { looksForQemu: false }),
});

export function addModels(command: Command, run: Run, surroundings: Surroundings): void {
  addQemu(command)
    .option('--machine <type>', 'what names stand for there; left out: the newest versioned q35')
    .addOption(toldOption(surroundings.terminal))
    .action((given: Given) =>
      run(async () => {
        const { listModels } = await import('../commands/definitions.ts');
        const accel = parseAccelerator(given.accel, '--accel');
        const { catalog, machine } = given;
        return listModels(questionOf(given, surroundings), { catalog, accel, machine });
      }),
    );
}

export function addStability(command: Command, run: Run, surroundings: Surroundings): void {
  command
    .argument('[catalogs...]', 'catalog files, or QEMU versions; left out: all that are shipped')
    .addOption(toldOption(surroundings.terminal))
    .action((catalogs: string[], given: Given) =>
      run(async () => {
        const { tellStability } = await import('../commands/definitions.ts');
        return tellStability(questionOf(given, surroundings), catalogs);
      }),
    );
}

export function addReferee(command: Command, run: Run, surroundings: Surroundings): void {
  addQemu(command)
    .option('--libvirt <release>', 'whose map; with --cpu-map what it is called', '11.3.0')
    .option('--cpu-map <dir>', `the map as it is installed, such as ${installedMap}; left out: the shipped one`)
    .addOption(toldOption(surroundings.terminal))
    .action((given: Given) =>
      run(async () => {
        const { refereeMap } = await import('../commands/definitions.ts');
        const accel = parseAccelerator(given.accel, '--accel');
        return refereeMap(questionOf(given, surroundings), { catalog: given.catalog, accel, map: askedMap(given) });
      }),
    );
}

function askedMap({ libvirt: release = '', cpuMap: path }: Given): AskedMap {
  return path === undefined ? { kind: 'release', release } : { kind: 'directory', path, release };
}
