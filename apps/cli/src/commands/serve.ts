import { once } from 'node:events';
import { startServer, webDirectory, type StartOptions } from '@cpu-atlas/server';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { write, type Terminal } from '../output/terminal.ts';

export interface ServeOptions extends Omit<StartOptions, 'webDirectory'> {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Answers that are on their way get this long; QEMUs die with this process anyway. */
const closeLimitMs = 5_000;

/** Runs the server until it is told to stop (SIGTERM, SIGINT). */
export async function serve({ terminal, signal, ...options }: ServeOptions): Promise<ExitCode> {
  const server = await startServer({ ...options, webDirectory });
  await write(terminal.out, `CPU Atlas ${options.version} on ${server.url}\n`);
  if (!signal.aborted) await once(signal, 'abort');
  const limit = setTimeout(() => process.exit(exitCodes.yes), closeLimitMs);
  limit.unref();
  await server.close();
  clearTimeout(limit);
  return exitCodes.yes;
}
