import { AtlasError, errorTable } from '@cpu-atlas/core/errors';
import { exitCodes } from './exit-codes.ts';
import { openTerminal } from './output/terminal.ts';
import { printable } from './output/table.ts';
import { runProgram } from './program.ts';

const stop = new AbortController();
const terminal = openTerminal(process.env);

// The first signal ends things in order; the second one ends the process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

try {
  process.exitCode = await runProgram(process.argv.slice(2), {
    terminal,
    environment: process.env,
    signal: stop.signal,
  });
} catch (cause) {
  process.exitCode = report(cause);
}

// Who is told to stop does not wait for a harvest to notice it: its QEMUs end with this process.
if (stop.signal.aborted) process.exit();

/** One line on stderr, whatever went wrong; a stack trace only when somebody who works on Atlas asks for it. */
function report(cause: unknown): number {
  if (stop.signal.aborted) return exitCodes.unknown;
  const error = cause instanceof AtlasError ? cause : defect(cause);
  terminal.err.write(`${printable(error.toString())}\n`);
  if (process.env['CPU_ATLAS_DEBUG'] === '1' && cause instanceof Error) terminal.err.write(`${cause.stack ?? ''}\n`);
  return errorTable[error.code].exit;
}

function defect(cause: unknown): AtlasError {
  const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new AtlasError('INTERNAL', `a defect in CPU Atlas (${what})`, { remedy: 'report it with this line', cause });
}
