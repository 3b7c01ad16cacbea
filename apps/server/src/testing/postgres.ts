import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { chown, mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';

const run = promisify(execFile);
const user = 'atlas';
const startLimitSeconds = 30;

/** A PostgreSQL of the tests' own. Times are not spared: fsync is on, as in earnest. */
export interface TestPostgres {
  /** A new, empty database; its URL, by TCP on loopback. */
  createDatabase(): Promise<string>;
  /** `fast` ends sessions and shuts down in order; `immediate` is a crash: the server recovers when it starts again. */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
  start(): Promise<void>;
  /** Ends the server and removes its files. The same happens when the process that started it dies. */
  close(): Promise<void>;
}

/** The folder of initdb, postgres and pg_ctl; null: not installed. */
export function findPostgres(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const debian = '/usr/lib/postgresql';
  if (existsSync(debian)) {
    const versions = readdirSync(debian).sort((a, b) => Number(b) - Number(a));
    folders.push(...versions.map((version) => join(debian, version, 'bin')));
  }
  for (const folder of folders) {
    const initdb = join(folder, 'initdb');
    if (!existsSync(initdb)) continue;
    // Links in the PATH may lead to some of the programs only.
    const home = dirname(realpathSync(initdb));
    if (['initdb', 'postgres', 'pg_ctl'].every((program) => existsSync(join(home, program)))) return home;
  }
  return null;
}

/** Makes a cluster in a temporary folder and starts it, on a random port of loopback. PostgreSQL refuses to run as root. */
export async function startPostgres(): Promise<TestPostgres> {
  const programs = findPostgres();
  if (programs === null) throw new Error('no PostgreSQL is installed; ask findPostgres() first');
  const owner = unprivilegedOwner();
  const folder = await mkdtemp(join(tmpdir(), 'cpu-atlas-postgres-'));
  if (owner !== null) await chown(folder, owner.uid, owner.gid);
  const options = { ...owner, cwd: folder, env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' } };
  const cluster = join(folder, 'cluster');
  const password = randomBytes(16).toString('hex');
  await writeFile(join(folder, 'password'), password, { mode: 0o644 });
  await run(
    join(programs, 'initdb'),
    ['-D', cluster, '-U', user, '-E', 'UTF8', '--no-sync', '-A', 'scram-sha-256', `--pwfile=${folder}/password`],
    options,
  );
  const guard = endWithThisProcess({ programs, cluster, folder }, options);
  const port = await freePort();
  const pgCtl = (...words: readonly string[]): Promise<unknown> =>
    run(join(programs, 'pg_ctl'), ['-D', cluster, '-w', '-t', String(startLimitSeconds), ...words], options);
  const start = async (): Promise<void> => {
    const settings = [
      `-p ${port}`,
      '-c listen_addresses=127.0.0.1',
      `-c unix_socket_directories=${folder}`,
      '-c shared_buffers=32MB',
    ];
    await pgCtl('-l', join(folder, 'log'), '-o', settings.join(' '), 'start').catch((cause: unknown) => {
      throw new Error(`PostgreSQL does not start: ${readLog(folder)}`, { cause });
    });
  };
  await start();
  const urlOf = (database: string): string => `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`;
  let databases = 0;
  return {
    async createDatabase() {
      const name = `atlas_${(databases += 1)}`;
      const client = new Client({ connectionString: urlOf('postgres') });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      return urlOf(name);
    },
    stop: async (mode) => void (await pgCtl('-m', mode, 'stop')),
    start,
    close: () => guard.end(),
  };
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Whom a root hands the server to: the user of the installed PostgreSQL, or nobody. Null: this is not root. */
function unprivilegedOwner(): Owner | null {
  if (process.getuid?.() !== 0) return null;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('this is root, and there is neither a user postgres nor a user nobody');
}

/** A shell that waits for the end of its input, which comes when this process ends in whatever way. */
function endWithThisProcess(
  { programs, cluster, folder }: { readonly programs: string; readonly cluster: string; readonly folder: string },
  options: { readonly env: NodeJS.ProcessEnv },
): { end(): Promise<void> } {
  const script = 'cat >/dev/null; "$1/pg_ctl" -D "$2" -m immediate -w stop >/dev/null 2>&1; cd /; rm -rf "$3"';
  const shell = spawn('sh', ['-c', script, 'sh', programs, cluster, folder], {
    ...options,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  const ended = new Promise<void>((resolve) => shell.once('exit', () => resolve()));
  return {
    async end() {
      shell.ref();
      shell.stdin.end();
      await ended;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}

function readLog(folder: string): string {
  try {
    return readFileSync(join(folder, 'log'), 'utf8').slice(-2_000);
  } catch {
    return 'there is no log';
  }
}
