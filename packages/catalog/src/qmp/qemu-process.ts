import { AtlasError } from '@cpu-atlas/core';
import { BoundedText } from './bounded-text.ts';
import { qemuArguments, type QemuConfiguration } from './qemu-arguments.ts';
import { findQemuBinary } from './qemu-binary.ts';
import { describeExit, QemuEndError, qemuExitOf, type QemuExit } from './qemu-exit.ts';
import { QmpClient } from './qmp-client.ts';
import type { StreamEnd } from './qmp-fault.ts';
import { signalGroup, spawnGuarded, type Guard, type GuardedChild } from './spawn-guarded.ts';
import { within } from './within.ts';

export interface QemuLaunch extends QemuConfiguration {
  /** A path, or a name looked up in PATH. */
  readonly binary: string;
  /** For the launch until QMP answers, and for each later command that names no limit of its own. */
  readonly timeoutMs: number;
  readonly lineLimitBytes?: number | undefined;
  /** How much of standard error is kept, half of it from the beginning and half from the end. Default 64 KiB. */
  readonly stderrLimitBytes?: number | undefined;
  readonly guard?: Guard | undefined;
}

/** A running QEMU, paused, and the QMP connection to it. Whoever launched it disposes of it. */
export interface QemuProcess {
  readonly client: QmpClient;
  readonly pid: number;
  /** Binary and arguments, as a person would type them. */
  readonly command: readonly string[];
  /** Settles when the process has ended and all it printed was read. Never rejects. */
  readonly exited: Promise<QemuExit>;
  /** What it printed on standard error up to now. */
  stderr(): string;
  /**
   * Asks QEMU to end by itself, and waits: afterwards standard error is complete and free of "terminating on signal".
   * @throws QEMU_TIMEOUT, QEMU_DIED, QMP_PROTOCOL
   */
  quit(options?: { readonly timeoutMs?: number }): Promise<QemuExit>;
  /** Ends QEMU, by force if need be, and waits for it. May be called again. */
  dispose(): Promise<QemuExit>;
}

const defaultStderrLimitBytes = 64 * 1024;
/** How long a QEMU may take to be gone after SIGTERM; it has no guest to save. */
const graceMs = 1_000;
/** How long the end of the QMP stream may come before the end of the process. */
const lingerMs = 2_000;
/** How long the streams may stay open after the process: a grandchild may hold them. */
const drainMs = 5_000;

/**
 * The command line that `launchQemu` would run.
 * @throws MACHINE_TYPE_UNKNOWN, ACCELERATOR_UNKNOWN
 */
export function qemuCommand(launch: { readonly binary: string } & QemuConfiguration): readonly string[] {
  return [launch.binary, ...qemuArguments(launch)];
}

/**
 * Starts a QEMU to be asked: paused, without devices, with little memory, niced, bound to the life of this process.
 * Whatever goes wrong, no process is left.
 * @throws QEMU_NOT_FOUND, QEMU_LAUNCH_FAILED, QEMU_DIED, QEMU_TIMEOUT, QMP_PROTOCOL, QMP_ERROR (`qemuExitOf` tells how
 *   it ended); MACHINE_TYPE_UNKNOWN, ACCELERATOR_UNKNOWN
 */
export async function launchQemu(launch: QemuLaunch): Promise<QemuProcess> {
  const command = qemuCommand(launch);
  const path = await findQemuBinary(launch.binary);
  const child = await spawnGuarded([path, ...command.slice(1)], launch.guard);
  const running = new RunningQemu(child, command, launch.stderrLimitBytes ?? defaultStderrLimitBytes);
  try {
    await running.connect(launch);
    return running;
  } catch (error) {
    const exit = await running.dispose();
    throw launchFailure(error, launch, exit);
  }
}

class RunningQemu implements QemuProcess {
  readonly pid: number;
  readonly command: readonly string[];
  readonly exited: Promise<QemuExit>;
  readonly #child: GuardedChild;
  readonly #stderr: BoundedText;
  #client: QmpClient | null = null;
  #hasExited = false;
  #disposal: Promise<QemuExit> | null = null;

  constructor(child: GuardedChild, command: readonly string[], stderrLimitBytes: number) {
    this.#stderr = new BoundedText(stderrLimitBytes);
    this.pid = child.pid;
    this.command = command;
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => this.#stderr.append(chunk));
    this.exited = this.#awaitExit();
  }

  get client(): QmpClient {
    if (this.#client === null) throw new AtlasError('INTERNAL', 'QEMU is not connected');
    return this.#client;
  }

  async connect({ timeoutMs, lineLimitBytes }: QemuLaunch): Promise<void> {
    const { stdin, stdout } = this.#child;
    this.#client = await QmpClient.connect(
      { readable: stdout, writable: stdin },
      {
        timeoutMs,
        ...(lineLimitBytes === undefined ? {} : { lineLimitBytes }),
        explainEnd: (end) => this.#explainEnd(end),
      },
    );
  }

  stderr(): string {
    return this.#stderr.toString();
  }

  async quit(options: { readonly timeoutMs?: number } = {}): Promise<QemuExit> {
    const ended = await this.client.execute('quit', undefined, options).then(() => null, qemuEndOf);
    if (ended !== null) return ended;
    const exit = await within(this.exited, options.timeoutMs ?? graceMs);
    if (exit === null) throw new AtlasError('QEMU_TIMEOUT', `QEMU (pid ${this.pid}) said it would quit and still runs`);
    return exit;
  }

  dispose(): Promise<QemuExit> {
    this.#disposal ??= this.#end();
    return this.#disposal;
  }

  async #end(): Promise<QemuExit> {
    this.#client?.close();
    if (!this.#hasExited) signalGroup(this.pid, 'SIGTERM');
    const exit = await within(this.exited, graceMs);
    if (exit !== null) return exit;
    if (!this.#hasExited) signalGroup(this.pid, 'SIGKILL');
    return this.exited;
  }

  #awaitExit(): Promise<QemuExit> {
    const { child, stdin, stdout, stderr } = this.#child;
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    return new Promise((resolve) => {
      child.once('exit', (status, signal) => {
        this.#hasExited = true;
        // A grandchild may hold the streams open; what QEMU itself wrote has arrived long before.
        void within(closed, drainMs).then(() => {
          for (const stream of [stdin, stdout, stderr]) stream.destroy();
          resolve({ status, signal, stderr: this.stderr() });
        });
      });
    });
  }

  async #explainEnd(end: StreamEnd): Promise<AtlasError> {
    const exit = await within(this.exited, lingerMs);
    const middle = end.inMidReply ? ' in the middle of a reply' : '';
    if (exit !== null) return new QemuEndError('QEMU_DIED', `QEMU ended${middle}, ${describeExit(exit)}`, { exit });
    return new AtlasError('QEMU_DIED', `QEMU (pid ${this.pid}) closed its QMP stream${middle} and still runs`);
  }
}

/** The fault of a launch: where is the configuration, and the exit is known. 126 and 127: the shell cannot execute it. */
function launchFailure(error: unknown, launch: QemuLaunch, exit: QemuExit): unknown {
  if (!(error instanceof AtlasError)) return error;
  const cpu = launch.cpu === undefined ? '' : ` -cpu ${launch.cpu}`;
  const where = `${launch.binary} -machine ${launch.machine} -accel ${launch.accel}${cpu}`;
  const { remedy } = error;
  if (error.code === 'QEMU_DIED') {
    const cannotExecute = exit.status === 126 || exit.status === 127;
    if (!cannotExecute) return new QemuEndError('QEMU_DIED', error.message, { exit, where, remedy, cause: error });
    const runs = 'check that the binary runs on this machine';
    return new QemuEndError('QEMU_LAUNCH_FAILED', describeExit(exit), { exit, where, remedy: runs, cause: error });
  }
  if (error.code === 'QEMU_TIMEOUT') {
    const said = exit.stderr.trim() === '' ? '' : `; it had printed: ${exit.stderr.trim()}`;
    return new QemuEndError('QEMU_TIMEOUT', `${error.message}${said}`, { exit, where, remedy, cause: error });
  }
  return new AtlasError(error.code, error.message, { where, remedy, cause: error });
}

/** The reply to `quit` may be lost in the end that it announces. */
function qemuEndOf(error: unknown): QemuExit {
  const exit = qemuExitOf(error);
  if (exit?.status === 0) return exit;
  throw error;
}
