import { dataDirectory, shippedDirectory } from '@cpu-atlas/server/library';
import { Option, type Command } from 'commander';
import { readOwnVersion } from '../own-version.ts';
import type { Run, Surroundings } from '../program.ts';
import { wholeNumber } from './shared-options.ts';

interface Given {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly allowHost: readonly string[];
  readonly insecureBind: boolean;
  readonly harvest: boolean;
  readonly logLevel: string;
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

export function addServe(program: Command, run: Run, surroundings: Surroundings): void {
  const { terminal, signal, environment } = surroundings;
  program
    .command('serve')
    .description('Serve the dashboard and the API of this host')
    .addOption(new Option('--host <address>', 'address to listen on').env('CPU_ATLAS_HOST').default('127.0.0.1'))
    .addOption(
      new Option('--port <port>', '0 takes any free one')
        .env('CPU_ATLAS_PORT')
        .default(4280)
        .argParser(wholeNumber(0, 65_535)),
    )
    .addOption(
      new Option('--data-dir <dir>', 'keeps harvested catalogs')
        .env('CPU_ATLAS_DATA_DIR')
        .default(dataDirectory(environment)),
    )
    .addOption(
      new Option(
        '--allow-host <name...>',
        'names, besides addresses and localhost, under which it may be asked',
      ).default([]),
    )
    .addOption(
      new Option('--insecure-bind', 'listen beyond loopback although there is neither TLS nor a login')
        .env('CPU_ATLAS_INSECURE_BIND')
        .default(false),
    )
    .option('--no-harvest', 'do not harvest QEMUs in the background; the nearest catalogs answer')
    .addOption(
      new Option('--log-level <level>', 'of the log on stderr')
        .env('CPU_ATLAS_LOG_LEVEL')
        .choices(logLevels)
        .default('info'),
    )
    .action((given: Given) =>
      run(async () => {
        const { serve } = await import('../commands/serve.ts');
        return serve({
          terminal,
          signal,
          host: given.host,
          port: given.port,
          version: readOwnVersion(),
          dataDirectory: given.dataDir,
          shippedDirectory,
          allowedNames: given.allowHost,
          isInsecureBindAllowed: given.insecureBind,
          isHarvesting: given.harvest,
          logLevel: given.logLevel,
        });
      }),
    );
}
