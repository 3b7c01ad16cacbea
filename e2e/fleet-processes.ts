import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { builtCli } from './served.ts';

const agentScript = fileURLToPath(new URL('./fleet-agent.mjs', import.meta.url));

/** A process that told its address in the first line of its output. */
export interface Running {
  readonly url: string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Folders and processes of one test; all of them go with it, whatever happens. */
export interface Playground {
  directory(): string;
  hub(place: {
    readonly directory: string;
    readonly port?: number;
    readonly args?: readonly string[];
  }): Promise<Running>;
  agent(options: AgentOptions): Promise<Running>;
  close(): Promise<void>;
}

export interface AgentOptions {
  readonly host: string;
  /** File that is read at each probe; null: this machine is probed. */
  readonly snapshot: string | null;
  readonly hub: string;
  readonly tokenFile?: string;
}

export function createPlayground(): Playground {
  const directories: string[] = [];
  const running = new Set<Running>();
  const directory = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'cpu-atlas-fleet-'));
    directories.push(made);
    return made;
  };
  const start = async (args: readonly string[]): Promise<Running> => {
    const child = spawn(process.execPath, args);
    const url = await firstAddress(child);
    const one: Running = {
      url,
      async stop(signal = 'SIGTERM') {
        running.delete(one);
        await endProcess(child, signal);
      },
    };
    running.add(one);
    return one;
  };
  return {
    directory,
    hub: ({ directory: data, port = 0, args = [] }) =>
      start([
        ...[builtCli, 'serve', '--port', String(port), '--data-dir', data, '--no-harvest', '--log-level', 'error'],
        ...['--heartbeat-seconds', '1', ...args],
      ]),
    agent: ({ host, snapshot, hub, tokenFile }) =>
      start([
        agentScript,
        JSON.stringify({ host, snapshot, hub, tokenFile: tokenFile ?? null, directory: directory() }),
      ]),
    async close() {
      await Promise.all([...running].map((one) => one.stop('SIGKILL')));
      for (const one of directories) rmSync(one, { recursive: true, force: true });
    },
  };
}

async function firstAddress(child: ChildProcessWithoutNullStreams): Promise<string> {
  let err = '';
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => {
      const url = /https?:\/\/\S+/.exec(text.toString())?.[0];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`it ended with ${code} before it listened: ${err}`)));
  });
}

async function endProcess(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timer);
}

/** The network between an agent and its hub, which can be cut. */
export interface Network {
  readonly url: string;
  cut(): void;
  restore(): void;
  close(): void;
}

/** Passes bytes on to `target`. While it is cut, connections break and new ones are closed at once. */
export async function createNetwork(target: string): Promise<Network> {
  const { port, hostname } = new URL(target);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const own = typeof address === 'object' && address !== null ? address.port : 0;
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${own}`,
    cut() {
      isCut = true;
      breakAll();
    },
    restore() {
      isCut = false;
    },
    close() {
      breakAll();
      server.close();
    },
  };
}

/** Asks until the answer is right, or the time is over; then the last answer is told. */
export async function until<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean, limitMs = 20_000): Promise<T> {
  const limitAt = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (performance.now() > limitAt) throw new Error(`still ${JSON.stringify(answer)} after ${limitMs} ms`);
    await delay(50);
  }
}
