import { AtlasError } from '@cpu-atlas/core';
import { dataDirectory, storePath } from '@cpu-atlas/server/library';
import { Option, type Command } from 'commander';
import type { AnsweredAs } from '../output/write-answer.ts';
import type { Run, Surroundings } from '../program.ts';
import { readSecret } from './access-options.ts';
import { hubAddress } from './hub-address.ts';
import { answerOption, formatOption, wholeNumber } from './shared-options.ts';

interface GivenPlace {
  readonly dataDir: string;
  readonly store?: string;
  readonly hub?: URL;
  readonly tokenFile?: string;
}

interface GivenToken extends GivenPlace {
  readonly name: string;
  readonly role: 'viewer' | 'operator' | 'agent';
  readonly host?: string;
  readonly days?: number;
  readonly format: 'table' | 'json';
}

/** Where the tokens are kept: in a store that no server holds, or behind a running server. */
export type TokenPlace =
  | { readonly kind: 'store'; readonly url: string }
  | { readonly kind: 'hub'; readonly address: URL; readonly token: string | null };

export function addToken(command: Command, run: Run, surroundings: Surroundings): void {
  const { terminal, environment } = surroundings;
  const placeOf = (given: GivenPlace): TokenPlace => tokenPlaceOf(given, environment);

  addPlace(command.command('create'), environment)
    .description('Make a token; its secret is printed once, alone on stdout')
    .requiredOption('--name <name>', 'who or what uses it')
    .addOption(
      new Option('--role <role>', 'viewer reads, operator changes and launches, too, agent writes its own host')
        .choices(['viewer', 'operator', 'agent'])
        .makeOptionMandatory(),
    )
    .option('--host <id>', 'of an agent: its host; left out: the first host that it writes')
    .addOption(new Option('--days <n>', 'ends after so many days; left out: never').argParser(wholeNumber(1, 3_650)))
    .addOption(formatOption(terminal).default('table', 'table'))
    .action((given: GivenToken) =>
      run(async () => {
        const { createToken } = await import('../commands/token.ts');
        return createToken({ terminal, place: placeOf(given), format: given.format }, requestOf(given));
      }),
    );

  addPlace(command.command('list'), environment)
    .description('List the tokens, without their secrets')
    .addOption(answerOption(terminal))
    .action((given: GivenPlace & { readonly format: AnsweredAs }) =>
      run(async () => {
        const { listTokens } = await import('../commands/token.ts');
        return listTokens({ terminal, place: placeOf(given) }, given.format);
      }),
    );

  addPlace(command.command('revoke'), environment)
    .description('Revoke a token; it opens nothing more after five seconds')
    .argument('<id>', 'of token list')
    .action((id: string, given: GivenPlace) =>
      run(async () => {
        const { revokeToken } = await import('../commands/token.ts');
        return revokeToken({ terminal, place: placeOf(given), format: 'table' }, id);
      }),
    );
}

function addPlace(command: Command, environment: Surroundings['environment']): Command {
  return command
    .addOption(
      new Option('--data-dir <dir>', 'of the server').env('CPU_ATLAS_DATA_DIR').default(dataDirectory(environment)),
    )
    .addOption(
      new Option('--store <url>', 'of the server; left out: the file in its data directory').env('CPU_ATLAS_STORE'),
    )
    .addOption(
      new Option('--hub <url>', 'ask a running server instead')
        .conflicts('store')
        .argParser((text) => hubAddress('--hub', text)),
    )
    .addOption(new Option('--token-file <file>', "with --hub: holds an operator's token").env('CPU_ATLAS_TOKEN_FILE'));
}

function tokenPlaceOf(
  { hub, store, dataDir, tokenFile }: GivenPlace,
  environment: Surroundings['environment'],
): TokenPlace {
  if (hub === undefined) return { kind: 'store', url: store ?? storePath(dataDir) };
  const token = tokenFile === undefined ? environment['CPU_ATLAS_TOKEN'] : readSecret(tokenFile);
  return { kind: 'hub', address: hub, token: token === undefined || token === '' ? null : token };
}

export interface NewTokenRequest {
  readonly name: string;
  readonly role: 'viewer' | 'operator' | 'agent';
  readonly host: string | null;
  readonly lifeSeconds: number | null;
}

function requestOf({ name, role, host, days: count }: GivenToken): NewTokenRequest {
  if (host !== undefined && role !== 'agent') {
    throw new AtlasError('USAGE_INVALID', 'only the token of an agent has a host', {
      where: '--host',
      remedy: 'leave it out, or add --role agent',
    });
  }
  return { name, role, host: host ?? null, lifeSeconds: count === undefined ? null : count * 86_400 };
}
