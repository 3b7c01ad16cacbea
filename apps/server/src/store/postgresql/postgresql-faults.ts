import { AtlasError } from '@cpu-atlas/core';
import { Overtaken } from '../engine.ts';

/**
 * Another transaction was in the way: what was begun is undone, and may be tried again. Serialization failure, deadlock;
 * and what two hubs get that make or take the same thing at once: unique and foreign key violation; duplicate table, or
 * duplicate object, for the type of its rows, which PostgreSQL makes first.
 * Source: https://www.postgresql.org/docs/15/errcodes-appendix.html
 */
const overtakenStates: ReadonlySet<string> = new Set(['40001', '40P01', '23505', '23503', '42P07', '42710']);

/** Classes of states that tell of a defect of our query; all others tell of the server, the network or the disk. */
const defectClasses: ReadonlySet<string> = new Set(['0A', '21', '22', '23', '26', '34', '42']);

const remedies: readonly (readonly [prefix: string, remedy: string])[] = [
  ['28', 'check user and password of the store URL, and pg_hba.conf of the server'],
  ['3D000', 'create the database: createdb NAME'],
  ['42501', 'grant the user of the store URL its tables, or make it the owner of the database'],
  ['25006', 'the server is a standby: point the store URL at the primary'],
  ['53100', 'free some space on the disk of the database server; the store works again by itself'],
  ['53300', 'raise max_connections of the server, or run fewer hubs'],
  ['57014', 'the server was too slow: look at its load'],
  ['XX', 'the database is damaged: see the log of the server; restore a backup'],
];

const reachRemedy = 'check that PostgreSQL runs and can be reached; the store works again by itself';

export function isOvertaken(cause: unknown): boolean {
  return cause instanceof Overtaken || overtakenStates.has(stateOf(cause) ?? '');
}

/** The connection is of no use any more. What the server answered with a state has left it intact. */
export function isConnectionLost(cause: unknown): boolean {
  return !isDefect(cause) && stateOf(cause) === null;
}

/** Nobody answered, or a server that starts or stops: worth to wait for. */
export function isAbsent(cause: unknown): boolean {
  const state = stateOf(cause);
  return state === null ? !isDefect(cause) : state.startsWith('57P0') || state.startsWith('08');
}

/** A fault of PostgreSQL or of the way to it as ours. `where`: the server and database, without user and password. */
export function postgresqlFault(cause: unknown, where: string): AtlasError {
  if (cause instanceof AtlasError) return cause;
  const message = describe(cause);
  if (isDefect(cause)) return new AtlasError('INTERNAL', `the store refused a query: ${message}`, { where, cause });
  const state = stateOf(cause);
  const remedy = remedies.find(([prefix]) => state?.startsWith(prefix))?.[1] ?? reachRemedy;
  return new AtlasError('STORE_FAILED', state === null ? message : `${message} (${state})`, { where, remedy, cause });
}

function isDefect(cause: unknown): boolean {
  if (cause instanceof Overtaken) return false;
  if (cause instanceof TypeError || cause instanceof RangeError) return true;
  const state = stateOf(cause);
  return state !== null && state !== '42501' && defectClasses.has(state.slice(0, 2));
}

/** SQLSTATE; null: the server did not say this. System errors have longer codes (ECONNREFUSED), but EPIPE has five. */
function stateOf(cause: unknown): string | null {
  if (!(cause instanceof Error) || !('code' in cause) || 'syscall' in cause) return null;
  return typeof cause.code === 'string' && /^[0-9A-Z]{5}$/.test(cause.code) ? cause.code : null;
}

/** Node gathers what each address of a name said in one error without a message. */
function describe(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(describe).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
