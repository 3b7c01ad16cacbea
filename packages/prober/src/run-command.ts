import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

/** What became of a command. */
export type CommandOutcome =
  | { readonly kind: 'ended'; readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly message: string };

export interface CommandLimits {
  readonly timeoutMs: number;
  /** Output beyond this is dropped, of each stream. */
  readonly outputBytes: number;
}

/**
 * Runs a command without a shell and without input, in a process group of its own, which is killed when the time is
 * over: a wrapper script then takes its children with it. Never rejects.
 */
export async function runCommand(
  path: string,
  options: readonly string[],
  limits: CommandLimits,
): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = spawn(path, options, {
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        env: { ...process.env, LC_ALL: 'C' },
      });
    } catch (error) {
      resolve({ kind: 'failed', message: String(error) });
      return;
    }
    const stdout = collectOutput(child.stdout, limits.outputBytes);
    const stderr = collectOutput(child.stderr, limits.outputBytes);
    const finish = (outcome: CommandOutcome): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const timer = setTimeout(() => {
      killGroup(child);
      // Whoever still holds the pipes must not hold us.
      child.stdout?.destroy();
      child.stderr?.destroy();
      finish({ kind: 'timeout' });
    }, limits.timeoutMs);
    child.on('error', (error) => finish({ kind: 'failed', message: error.message }));
    child.on('close', (exitCode) => finish({ kind: 'ended', exitCode, stdout: stdout(), stderr: stderr() }));
  });
}

function collectOutput(stream: NodeJS.ReadableStream | null, maxBytes: number): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream?.on('data', (chunk: Buffer) => {
    const kept = chunk.subarray(0, maxBytes - length);
    chunks.push(kept);
    length += kept.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
