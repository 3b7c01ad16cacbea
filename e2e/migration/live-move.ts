import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  findCpuPath,
  launchQemu,
  openQomObject,
  qemuExitOf,
  qmpRefusalOf,
  readQomValues,
  type QemuProcess,
  type QmpClient,
} from '@cpu-atlas/catalog';
import { AtlasError, type Accelerator } from '@cpu-atlas/core';

/** One side of a move: a QEMU and the `-cpu` argument that it is started with. */
export interface MoveSide {
  readonly binary: string;
  readonly cpu: string;
}

export interface LiveMoveRequest {
  readonly accel: Accelerator;
  readonly machine: string;
  readonly from: MoveSide;
  readonly to: MoveSide;
  /** Names of features that lie in MSRs, which feature words do not show. */
  readonly msrFeatures: readonly string[];
}

/** What two real QEMUs made of a move. */
export type LiveMove =
  /** The state arrived. `differing`: properties of the CPU object in which the two sides are not the same. */
  | { readonly kind: 'moved'; readonly differing: readonly string[] }
  /** The VM does not boot at all. */
  | { readonly kind: 'not-booted'; readonly message: string }
  /** The other side does not start, QEMU refuses to migrate, or the state is not taken over. */
  | { readonly kind: 'not-moved'; readonly message: string };

const timeoutMs = 30_000;
const pollMs = 20;

/**
 * Starts a VM, paused, moves it to a second QEMU over the loopback interface, and compares the CPUs of both as QEMU
 * itself shows them.
 * @throws what is no outcome: QMP_PROTOCOL, QEMU_TIMEOUT, QEMU_NOT_FOUND, QEMU_LAUNCH_FAILED
 */
export async function moveLive({ accel, machine, from, to, msrFeatures }: LiveMoveRequest): Promise<LiveMove> {
  const source = await start({ accel, machine, ...from });
  if (typeof source === 'string') return { kind: 'not-booted', message: source };
  try {
    const target = await start({ accel, machine, ...to, extraArgs: ['-incoming', 'defer'] });
    if (typeof target === 'string') return { kind: 'not-moved', message: target };
    try {
      return await migrate(source, target, [...seen, ...msrFeatures]);
    } finally {
      await target.dispose();
    }
  } finally {
    await source.dispose();
  }
}

/** A text is why QEMU ended instead of starting. */
async function start(
  launch: MoveSide & Pick<LiveMoveRequest, 'accel' | 'machine'> & { readonly extraArgs?: readonly string[] },
): Promise<QemuProcess | string> {
  try {
    return await launchQemu({ ...launch, timeoutMs });
  } catch (error) {
    const exit = qemuExitOf(error);
    if (exit === null || (error instanceof AtlasError && error.code === 'QEMU_LAUNCH_FAILED')) throw error;
    return exit.stderr.trim();
  }
}

async function migrate(source: QemuProcess, target: QemuProcess, properties: readonly string[]): Promise<LiveMove> {
  const differing = await compareCpus(source.client, target.client, properties);
  try {
    const uri = `tcp:127.0.0.1:${await freePort()}`;
    await target.client.execute('migrate-incoming', { uri });
    await source.client.execute('migrate', { uri });
    await untilCompleted(source.client);
    // The source is done when all is sent; the target takes it over after that, or dies.
    await untilCompleted(target.client);
    return { kind: 'moved', differing };
  } catch (error) {
    const reason = failureOf(error);
    if (reason === null) throw error;
    return { kind: 'not-moved', message: `${reason} ${target.stderr()}`.trim() };
  }
}

class MigrationFailed extends Error {}

/** null: this is no answer about the move. */
function failureOf(error: unknown): string | null {
  if (error instanceof MigrationFailed) return error.message;
  return qmpRefusalOf(error)?.desc ?? qemuExitOf(error)?.stderr ?? null;
}

async function untilCompleted(client: QmpClient): Promise<void> {
  for (const end = performance.now() + timeoutMs; performance.now() < end; await sleep(pollMs)) {
    const reply = (await client.execute('query-migrate')) as { status?: string; 'error-desc'?: string };
    if (reply.status === 'completed') return;
    if (reply.status === 'failed') throw new MigrationFailed(reply['error-desc'] ?? 'the migration failed');
  }
  throw new AtlasError('QEMU_TIMEOUT', 'a migration of a paused VM did not end');
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}

/** Beside features: what a guest sees of its CPU. */
const seen = ['family', 'model', 'stepping', 'vendor', 'model-id', 'level', 'xlevel', 'xlevel2', 'phys-bits'];

async function compareCpus(source: QmpClient, target: QmpClient, properties: readonly string[]): Promise<string[]> {
  const [here, there] = await Promise.all([source, target].map((client) => readCpu(client, properties)));
  const names = [...new Set([...here.keys(), ...there.keys()])].sort();
  return names.flatMap((name) => {
    const [had, gets] = [here.get(name) ?? '0', there.get(name) ?? '0'];
    return had === gets ? [] : [`${name}: ${had} here, ${gets} there`];
  });
}

/** Feature words, and features that lie in MSRs by their names. A word or feature that a QEMU does not have is 0. */
async function readCpu(client: QmpClient, properties: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const path = await findCpuPath(client);
  const cpu = await openQomObject(client, path ?? '');
  const words = (await cpu.get('feature-words')) as Record<string, string | number>[];
  const named = await readQomValues(cpu, properties);
  const entries = words.map(
    ({ features, ...place }) => [JSON.stringify(Object.values(place)), String(features)] as const,
  );
  const values = [...named].map(
    ([name, value]) => [name, value === undefined || value === false ? '0' : String(value)] as const,
  );
  return new Map([...entries, ...values]);
}
