import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Acknowledged {
  readonly hostId: string;
  readonly hash: string;
  readonly seenAtMs: number;
  readonly observationId: string;
}

/** A process of its own that writes to a store until it is killed. */
export interface Writer {
  /** Everything that the store acknowledged to it. Final after `kill`. */
  readonly acknowledged: readonly Acknowledged[];
  readonly pid: number;
  /** `kill -9`; resolves when it is gone and all that it said was read. */
  kill(): Promise<void>;
}

/** Resolves when the store is open there. */
export async function startWriter(url: string): Promise<Writer> {
  const folder = new URL('.', import.meta.url);
  const loader = new URL('run-typescript.mjs', folder).href;
  const script = fileURLToPath(new URL('write-until-killed.ts', folder));
  const child = spawn(process.execPath, ['--conditions=source', '--import', loader, script, url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const acknowledged: Acknowledged[] = [];
  let complaints = '';
  child.stderr.on('data', (text: Buffer) => (complaints += text.toString()));
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout });
  const opened = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      if (line === 'open') resolve();
      else if (line.endsWith('}')) acknowledged.push(JSON.parse(line) as Acknowledged);
    });
  });
  await Promise.race([
    opened,
    closed.then(() => Promise.reject(new Error(`the writer ended by itself: ${complaints}`))),
  ]);
  return {
    acknowledged,
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
