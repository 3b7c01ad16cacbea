import { AtlasError } from '@cpu-atlas/core';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Run, Surroundings } from '../program.ts';
import { hubAddress } from './hub-address.ts';
import { formatOption } from './shared-options.ts';

interface Given {
  readonly name?: string;
  readonly label: Readonly<Record<string, string>>;
  readonly qemuVersion?: string;
  readonly accel?: 'kvm' | 'tcg';
  readonly out?: string;
  readonly hub?: URL;
  readonly tokenFile?: string;
  readonly dryRun: boolean;
  readonly replace: boolean;
  readonly format: 'table' | 'json';
}

export function addImport(command: Command, run: Run, { terminal, environment, signal }: Surroundings): void {
  command
    .argument('<file...>', 'cpuid -r, /proc/cpuinfo, virsh XML, QMP replies, snapshots, a ZIP of them; - is stdin')
    .option('--name <name>', 'name of the host; left out: the name of the file. Of several files, a prefix')
    .addOption(new Option('--label <key=value...>', 'labels of the hosts').default({}).argParser(addLabel))
    .option('--qemu-version <version>', 'of the QEMU that was asked, where the text does not tell it')
    .addOption(
      new Option('--accel <accelerator>', 'of the QEMU that was asked, where the text does not tell it').choices([
        'kvm',
        'tcg',
      ]),
    )
    .option('--out <dir>', 'write one snapshot file for each host')
    .addOption(
      new Option('--hub <url>', 'send them to a running server instead')
        .conflicts('out')
        .argParser((text) => hubAddress('--hub', text)),
    )
    .addOption(new Option('--token-file <file>', 'holds the token for the server').env('CPU_ATLAS_TOKEN_FILE'))
    .option('--dry-run', 'with --hub: tell what would be imported, store nothing', false)
    .option('--replace', 'with --hub: replace hosts that tell of themselves, too', false)
    .addOption(formatOption(terminal))
    .action((files: string[], given: Given) =>
      run(async () => {
        const { importFiles } = await import('../commands/import.ts');
        const { name, label, qemuVersion, accel, out, hub, tokenFile, dryRun, replace, format } = given;
        return importFiles({
          terminal,
          signal,
          files,
          about: { name, labels: label, qemuVersion, accelerator: accel },
          destination: destinationOf({ out, hub, tokenFile, dryRun, replace, token: environment['CPU_ATLAS_TOKEN'] }),
          format,
        });
      }),
    );
}

/** Where imported hosts go. */
export type Destination =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'directory'; readonly path: string }
  | {
      readonly kind: 'hub';
      readonly address: URL;
      /** Empty: none was given. */
      readonly token: { readonly text: string } | { readonly file: string } | null;
      readonly isDryRun: boolean;
      readonly mayReplace: boolean;
    };

type DestinationOptions = Pick<Given, 'out' | 'hub' | 'tokenFile' | 'dryRun' | 'replace'> & {
  readonly token: string | undefined;
};

function destinationOf({ out, hub, tokenFile, dryRun, replace, token }: DestinationOptions): Destination {
  if (hub !== undefined) {
    const given = tokenFile !== undefined ? { file: tokenFile } : token ? { text: token } : null;
    return { kind: 'hub', address: hub, token: given, isDryRun: dryRun, mayReplace: replace };
  }
  if (dryRun || replace) {
    throw new AtlasError('USAGE_INVALID', `${dryRun ? '--dry-run' : '--replace'} needs --hub`, {
      where: 'cpu-atlas import',
      remedy: 'name the server: --hub http://127.0.0.1:4280',
    });
  }
  return out === undefined ? { kind: 'stdout' } : { kind: 'directory', path: out };
}

function addLabel(text: string, labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, name, value] = /^([^=\s][^=]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be like rack=r1.');
  return { ...labels, [name.trim()]: value };
}
