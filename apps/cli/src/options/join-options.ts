import { AtlasError } from '@cpu-atlas/core';
import { isLoopback, type JoinOptions } from '@cpu-atlas/server';
import { Option, type Command } from 'commander';
import { readLimitedFile } from '../sources/limited-file.ts';
import { readSecret } from './access-options.ts';
import { hubAddress } from './hub-address.ts';

/** What commander makes of the options of `addJoinOptions`. */
export interface GivenJoin {
  readonly join?: string;
  readonly joinTokenFile?: string;
  readonly joinCa?: string;
  readonly insecureJoin?: boolean;
  readonly remoteCommands: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const heading = 'Joining a hub:';
/** All certificates of the world have 250 KB. */
const certificateBytes = 4 * 1024 * 1024;

/** Adds the options of a host that tells a hub about itself, under a heading of their own. */
export function addJoinOptions(command: Command): Command {
  const texts = [
    ['--join <url>', 'CPU_ATLAS_JOIN', 'tell the hub at https://… about this host'],
    ['--join-token-file <file>', 'CPU_ATLAS_JOIN_TOKEN_FILE', 'holds the token; or CPU_ATLAS_JOIN_TOKEN has it'],
    ['--join-ca <file>', 'CPU_ATLAS_JOIN_CA', 'certificates (PEM) that sign the hub’s; left out: the usual ones'],
  ] as const;
  for (const [name, variable, what] of texts)
    command.addOption(new Option(name, what).env(variable).helpGroup(heading));
  return command
    .addOption(new Option('--insecure-join', 'send the token to a hub without TLS').helpGroup(heading))
    .addOption(
      new Option('--no-remote-commands', 'the hub cannot ask this host to probe or to launch its QEMU').helpGroup(
        heading,
      ),
    );
}

/**
 * The hub that the options name; undefined: none. The token comes from a file, which is read again when the hub refuses
 * it, or from the environment, never from the command line, which every user of the machine can read.
 * @throws USAGE_INVALID, FILE_UNREADABLE
 */
export async function joinOptionsOf(given: GivenJoin, environment: Environment): Promise<JoinOptions | undefined> {
  if (given.join === undefined) return undefined;
  const url = safeHubAddress(given.join, given.insecureJoin ?? false);
  const { joinTokenFile: file, joinCa } = given;
  const secret = environment['CPU_ATLAS_JOIN_TOKEN'];
  const readToken = async (): Promise<string | null> => {
    if (file !== undefined) return readSecret(file) || null;
    return secret === undefined || secret === '' ? null : secret;
  };
  // What cannot be read is told at the start, not in the log of a host that never joins.
  await readToken();
  return {
    url: url.href,
    readToken,
    ca: joinCa === undefined ? null : await readLimitedFile(joinCa, certificateBytes),
    takesCommands: given.remoteCommands,
  };
}

/** A hub to which the token may be sent. @throws USAGE_INVALID */
function safeHubAddress(text: string, isInsecureAllowed: boolean): URL {
  const url = hubAddress('--join', text);
  if (url.protocol === 'https:' || isInsecureAllowed || isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) return url;
  throw new AtlasError('USAGE_INVALID', 'without TLS everybody on the way can read the token', {
    where: `--join ${url.origin}`,
    remedy: 'write https://, or add --insecure-join on a network that you trust',
  });
}
