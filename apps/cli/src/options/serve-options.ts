import {
  dataDirectory,
  defaultFreshnessPolicy,
  defaultRetention,
  shippedDirectory,
  type FreshnessPolicy,
} from '@cpu-atlas/server/library';
import { AtlasError } from '@cpu-atlas/core';
import { Option, type Command } from 'commander';
import { readOwnVersion } from '../own-version.ts';
import type { Run, Surroundings } from '../program.ts';
import { accessOptionsOf, addAccessOptions, type GivenAccess } from './access-options.ts';
import { applyConfigFile } from './config-file.ts';
import { addJoinOptions, joinOptionsOf, type GivenJoin } from './join-options.ts';
import { wholeNumber } from './shared-options.ts';

interface Given extends GivenAccess, GivenJoin {
  readonly config?: string;
  readonly store?: string;
  readonly heartbeatSeconds: number;
  readonly staleAfter: number;
  readonly unreachableAfter: number;
  readonly importStaleDays: number;
  readonly reprobeMinutes: number;
  readonly keepDays: number;
  readonly keepAuditDays: number;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly allowHost: readonly string[];
  readonly harvest: boolean;
  readonly demo: boolean;
  readonly logLevel: string;
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

export function addServe(command: Command, run: Run, surroundings: Surroundings): void {
  const { terminal, signal, environment } = surroundings;
  addFleetOptions(addJoinOptions(addAccessOptions(command)))
    .addOption(new Option('--config <file>', 'settings as JSON; see docs/cli.md').env('CPU_ATLAS_CONFIG'))
    .addOption(new Option('--host <address>', 'address to listen on').env('CPU_ATLAS_HOST').default('127.0.0.1'))
    .addOption(
      new Option('--port <port>', '0 takes any free one')
        .env('CPU_ATLAS_PORT')
        .default(4280)
        .argParser(wholeNumber(0, 65_535)),
    )
    .addOption(
      new Option('--data-dir <dir>', 'keeps harvested catalogs and the store')
        .env('CPU_ATLAS_DATA_DIR')
        .default(dataDirectory(environment)),
    )
    .addOption(
      new Option('--store <url>', 'file:/path/atlas.db or postgresql://…; left out: a file in the data directory').env(
        'CPU_ATLAS_STORE',
      ),
    )
    .addOption(
      new Option(
        '--allow-host <name...>',
        'names, besides addresses and localhost, under which it may be asked',
      ).default([]),
    )
    .addOption(
      new Option('--demo', 'show the demo fleet besides this host; nothing of it is kept')
        .default(false)
        .conflicts(['store', 'join']),
    )
    .option('--no-harvest', 'do not harvest QEMUs in the background; the nearest catalogs answer')
    .addOption(
      new Option('--log-level <level>', 'of the log on stderr')
        .env('CPU_ATLAS_LOG_LEVEL')
        .choices(logLevels)
        .default('info'),
    )
    .hook('preAction', (acting) => {
      const { config } = acting.opts<Given>();
      if (config !== undefined) applyConfigFile(acting, config, environment);
    })
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
          storeUrl: given.store,
          join: await joinOptionsOf(given, environment),
          freshness: freshnessOf(given),
          reprobeMs: given.reprobeMinutes * 60_000,
          retention: {
            ...defaultRetention,
            observationsMs: given.keepDays === 0 ? null : given.keepDays * dayMs,
            auditMs: given.keepAuditDays === 0 ? null : given.keepAuditDays * dayMs,
          },
          shippedDirectory,
          allowedNames: given.allowHost,
          access: accessOptionsOf(given, environment),
          isHarvesting: given.harvest,
          isDemo: given.demo,
          logLevel: given.logLevel,
        });
      }),
    );
}

const dayMs = 86_400_000;
const { heartbeatMs, staleAfterMissed, unreachableAfterMissed, importStaleAfterMs } = defaultFreshnessPolicy;

/** How the server judges the hosts that it hears of, and how often its own host is looked at. */
function addFleetOptions(command: Command): Command {
  const numbers = [
    ['--heartbeat-seconds <n>', 'time between two heartbeats of a joined host', heartbeatMs / 1000, 1, 3_600],
    ['--stale-after <n>', 'heartbeats that a host may miss before it is stale', staleAfterMissed, 1, 1_000],
    ['--unreachable-after <n>', 'heartbeats after which it is unreachable', unreachableAfterMissed, 2, 10_000],
    ['--import-stale-days <n>', 'age at which an imported snapshot is stale', importStaleAfterMs / dayMs, 1, 3_650],
    ['--reprobe-minutes <n>', 'time after which this host is probed again', 10, 1, 10_080],
    ['--keep-days <n>', 'time after which observations that ended are forgotten; 0: never', 400, 0, 36_500],
    ['--keep-audit-days <n>', 'time after which lines of the audit are forgotten; 0: never', 400, 0, 36_500],
  ] as const;
  for (const [name, what, usual, least, most] of numbers) {
    const option = new Option(name, what).default(usual).argParser(wholeNumber(least, most));
    const variable = `CPU_ATLAS_${option.name().toUpperCase().replaceAll('-', '_')}`;
    command.addOption(option.env(variable).helpGroup('The fleet:'));
  }
  return command;
}

/** @throws USAGE_INVALID */
function freshnessOf(given: Given): FreshnessPolicy {
  if (given.unreachableAfter <= given.staleAfter) {
    throw new AtlasError('USAGE_INVALID', 'a host is stale before it is unreachable', {
      where: '--unreachable-after',
      remedy: 'make it greater than --stale-after',
    });
  }
  return {
    ...defaultFreshnessPolicy,
    heartbeatMs: given.heartbeatSeconds * 1000,
    staleAfterMissed: given.staleAfter,
    unreachableAfterMissed: given.unreachableAfter,
    importStaleAfterMs: given.importStaleDays * dayMs,
  };
}
