import { spawn } from 'node:child_process';

/** How to start a QEMU that is only asked: paused, no devices, 16 MiB. */
export interface PausedQemu {
  readonly binary: string;
  readonly accel: 'tcg' | 'kvm';
  /** The argument of `-cpu`. */
  readonly cpu: string;
  readonly machine?: string;
}

export interface QmpCommand {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

export interface QemuAnswer {
  /** `return` of each command, in order. */
  readonly returns: readonly unknown[];
  readonly stderr: string;
}

const timeLimitMs = 15_000;
const longestOutputBytes = 32 * 1024 * 1024;

/**
 * Starts QEMU, sends the commands, and kills it when all are answered.
 *
 * @throws Error when QEMU refuses a command, ends early, or takes longer than 15 s; the message holds what it printed
 */
export function askQemu(qemu: PausedQemu, commands: readonly QmpCommand[]): Promise<QemuAnswer> {
  const args = ['-S', '-nodefaults', '-display', 'none', '-m', '16', '-qmp', 'stdio'];
  args.push('-machine', qemu.machine ?? 'q35', '-accel', qemu.accel, '-cpu', qemu.cpu);
  const child = spawn(qemu.binary, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const awaited = commands.length + 1;
  return new Promise<QemuAnswer>((resolve, reject) => {
    const returns: unknown[] = [];
    let rest = '';
    let stderr = '';
    let sizeBytes = 0;
    const fail = (what: string): void => reject(new Error(`${qemu.binary}: ${what}\n${stderr.slice(-2000)}`));
    const timer = setTimeout(() => fail(`no answer within ${timeLimitMs} ms`), timeLimitMs);
    const count = (chunk: string): void => {
      sizeBytes += chunk.length;
      if (sizeBytes > longestOutputBytes) fail('too much output');
    };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      count(chunk);
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const message = JSON.parse(line) as { return?: unknown; error?: { desc: string } };
        if (message.error !== undefined) fail(`refused: ${message.error.desc}`);
        if ('return' in message) returns.push(message.return);
      }
      // All warnings about the CPU are printed before the first command is answered.
      if (returns.length >= awaited) child.kill('SIGKILL');
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      count(chunk);
      stderr += chunk;
    });
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => fail(error.message));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (returns.length < awaited) fail(`ended with ${signal ?? code}`);
      resolve({ returns: returns.slice(1), stderr });
    });
    for (const command of [{ execute: 'qmp_capabilities' }, ...commands])
      child.stdin.write(`${JSON.stringify(command)}\n`);
  }).finally(() => child.kill('SIGKILL'));
}

/** Reads a property of the first CPU. */
export function getCpuProperty(property: string): QmpCommand {
  return { execute: 'qom-get', arguments: { path: '/machine/unattached/device[0]', property } };
}

/** Lists the properties of the first CPU. */
export const listCpuProperties: QmpCommand = {
  execute: 'qom-list',
  arguments: { path: '/machine/unattached/device[0]' },
};
