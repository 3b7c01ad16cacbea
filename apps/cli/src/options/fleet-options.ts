import { hostFreshness } from '@cpu-atlas/core';
import { Option, type Command } from 'commander';
import type { FleetQuestion } from '../commands/fleet.ts';
import type { ToldAs } from '../output/write-report.ts';
import type { Run, Surroundings } from '../program.ts';
import { readSecret } from './access-options.ts';
import { hubAddress } from './hub-address.ts';
import { toldOption, wholeNumber } from './shared-options.ts';

/** What every question to a running server takes. */
export interface GivenHub {
  readonly hub: URL;
  readonly tokenFile?: string;
  readonly format: ToldAs;
}

interface GivenHosts extends GivenHub {
  readonly search?: string;
  readonly label?: readonly string[];
  readonly freshness?: readonly string[];
  readonly at?: string;
}

export function addHosts(command: Command, run: Run, surroundings: Surroundings): void {
  addHub(command, surroundings)
    .option('--search <words>', 'all of them occur in name, id, labels, CPU name or kernel')
    .option('--label <label...>', 'rack=r1 or rack; all of them must hold')
    .addOption(new Option('--freshness <state...>', 'any of them').choices(hostFreshness))
    .addOption(atOption())
    .action((given: GivenHosts) =>
      run(async () => {
        const { listHosts } = await import('../commands/fleet.ts');
        const { search, label = [], freshness = [], at } = given;
        return listHosts(questionOf(given, surroundings), { search, labels: label, freshness, at });
      }),
    );
}

export function addTimeline(command: Command, run: Run, surroundings: Surroundings): void {
  addHub(command, surroundings)
    .argument('<host>', 'id of the host')
    .addOption(lastOption('observations', 20))
    .action((host: string, given: GivenHub & { readonly last: number }) =>
      run(async () => {
        const { tellTimeline } = await import('../commands/fleet.ts');
        return tellTimeline(questionOf(given, surroundings), host, given.last);
      }),
    );
}

export function addAudit(command: Command, run: Run, surroundings: Surroundings): void {
  addHub(command, surroundings)
    .addOption(lastOption('lines', 100))
    .action((given: GivenHub & { readonly last: number }) =>
      run(async () => {
        const { listAudit } = await import('../commands/fleet.ts');
        return listAudit(questionOf(given, surroundings), given.last);
      }),
    );
}

/** `--at`. */
export const atOption = (): Option =>
  new Option('--at <time>', 'as the fleet was at that time, such as 2026-11-22T13:00:00Z');

const lastOption = (what: string, count: number): Option =>
  new Option('--last <n>', `the newest ${what}, so many`).argParser(wholeNumber(1, 100_000)).default(count);

/** `--hub`, `--token-file`, `--format`. */
export function addHub(command: Command, { terminal }: Surroundings): Command {
  return command
    .addOption(
      new Option('--hub <url>', 'the running server')
        .default(new URL('http://127.0.0.1:4280'), 'http://127.0.0.1:4280')
        .argParser((text) => hubAddress('--hub', text)),
    )
    .addOption(new Option('--token-file <file>', 'holds the token for the server').env('CPU_ATLAS_TOKEN_FILE'))
    .addOption(toldOption(terminal));
}

export function questionOf(
  { hub, tokenFile, format }: GivenHub,
  { terminal, environment, signal }: Surroundings,
): FleetQuestion {
  const token = tokenFile === undefined ? environment['CPU_ATLAS_TOKEN'] : readSecret(tokenFile);
  return { terminal, format, signal, hub: { address: hub, token: token === undefined || token === '' ? null : token } };
}
