import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { AtlasError } from '@cpu-atlas/core';

/**
 * How the kernel or a shell ends the child when this process is gone. `auto` takes the parent-death signal where
 * util-linux's setpriv offers it, else the watchdog.
 */
export type Guard = 'auto' | 'watchdog';

export interface GuardedChild {
  /** Of the program itself (the guard replaces itself by it), and of its process group. */
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly child: ChildProcess;
}

const niceness = 10;
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Becomes the program, in three steps that keep the process id: no core files, a lower priority, a guard.
 *
 * - priority: where the kernel groups tasks by session, a nice value counts within the session only, and this is one of
 *   its own; so the group as a whole is niced, too. Source: sched(7), the autogroup feature.
 * - setpriv: the kernel kills the program when its parent ends. A parent that ended before the request was made is seen
 *   by the inner shell, whose parent is then another.
 * - watchdog: a shell waits on descriptor 3, whose other end only Atlas holds. A line means that the program ended by
 *   itself; the end of the stream without one means that Atlas is gone, and the whole process group goes too.
 *
 * Source: prctl(2) PR_SET_PDEATHSIG; QEMU 7.2 to 11.1 stay alive when the stream of `-qmp stdio` ends.
 */
const script = `
guard=$1 parent=$2
shift 2
ulimit -c 0
{ echo ${niceness} >/proc/self/autogroup; } 2>/dev/null
lower="nice -n ${niceness}"
command -v nice >/dev/null || lower=
if [ "$guard" = auto ] && setpriv --pdeathsig KILL true 3<&- 2>/dev/null; then
  exec 3<&-
  exec setpriv --pdeathsig KILL sh -c '[ "$PPID" = "$0" ] && exec "$@"' "$parent" $lower "$@"
fi
(
  trap '' TERM INT HUP
  read -r _ <&3 || kill -9 -$$
) </dev/null >/dev/null 2>&1 &
exec 3<&-
exec $lower "$@"
`;

/**
 * Starts a program in a process group of its own, niced, in `/` with a minimal environment, so that it never outlives
 * this process, however this process ends.
 * @throws QEMU_LAUNCH_FAILED when no process could be made
 */
export async function spawnGuarded(command: readonly string[], guard: Guard = 'auto'): Promise<GuardedChild> {
  const child = spawnShell(['-c', script, 'cpu-atlas-guard', guard, String(process.pid), ...command]);
  const lifeline = child.stdio[3];
  const { pid, stdin, stdout, stderr } = child;
  lifeline?.on('error', ignore);
  if (pid === undefined || stdin === null || stdout === null || stderr === null) throw await spawnFailure(child);
  child.once('exit', () => {
    if (lifeline !== null && lifeline !== undefined && 'end' in lifeline) lifeline.end('ended\n');
  });
  return { pid, stdin, stdout, stderr, child };
}

function spawnShell(args: readonly string[]): ChildProcess {
  try {
    return spawn('/bin/sh', args, {
      cwd: '/',
      env: { PATH: [systemPath, process.env['PATH']].filter(Boolean).join(':'), LC_ALL: 'C' },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    // Node throws for an argument that the kernel could not take: too long, or with a zero byte.
    throw cannotSpawn(error);
  }
}

/** Sends a signal to the child's whole group. Call it only before the child's `exit`: later the id may be another's. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: it has just ended.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** For want of processes or memory there is no exception but an event. */
function spawnFailure(child: ChildProcess): Promise<AtlasError> {
  return new Promise((resolve) => child.once('error', (cause) => resolve(cannotSpawn(cause))));
}

function cannotSpawn(cause: unknown): AtlasError {
  const why = cause instanceof Error ? cause.message.slice(0, 200) : String(cause);
  return new AtlasError('QEMU_LAUNCH_FAILED', `no process could be started: ${why}`, { cause });
}

function ignore(): void {}
