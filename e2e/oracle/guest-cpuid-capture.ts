import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GuestCpuidEntry } from '@cpu-atlas/core';
import { qemuCommand, type QemuConfiguration } from '@cpu-atlas/catalog';

const source = new URL('./guest-cpuid-recorder.c', import.meta.url).pathname;
const timeLimitMs = 60_000;
const quit = '{"execute":"qmp_capabilities"}\n{"execute":"quit"}\n';

/** Why nothing can be captured here; null: it can. */
export function captureProblem(): string | null {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return '/dev/kvm does not open';
  }
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'there is no C compiler';
  }
}

export interface Capture {
  /** What each vCPU was given, in order; none where QEMU refused before. */
  readonly vcpus: readonly (readonly GuestCpuidEntry[])[];
  readonly stderr: string;
}

export interface Recorder {
  capture(launch: { readonly binary: string } & QemuConfiguration): Promise<Capture>;
  remove(): void;
}

/** Builds the library that is preloaded into QEMU. */
export function buildRecorder(): Recorder {
  const folder = mkdtempSync(join(tmpdir(), 'cpu-atlas-recorder-'));
  const library = join(folder, 'recorder.so');
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source]);
  let count = 0;
  return {
    async capture(launch) {
      const record = join(folder, `record-${count++}`);
      const stderr = await run(qemuCommand(launch), { LD_PRELOAD: library, CPU_ATLAS_CPUID_RECORD: record });
      return { vcpus: existsSync(record) ? readRecord(readFileSync(record, 'utf8')) : [], stderr };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function run([binary, ...args]: readonly string[], variables: Record<string, string>): Promise<string> {
  const child = spawn(binary, args, { env: { ...process.env, ...variables }, stdio: ['pipe', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr = (stderr + chunk).slice(-8_000)));
  // QEMU may refuse before it reads a line.
  child.stdin.on('error', () => undefined);
  child.stdin.end(quit);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeLimitMs);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      resolve(stderr);
    });
  });
}

function readRecord(text: string): GuestCpuidEntry[][] {
  const vcpus: GuestCpuidEntry[][] = [];
  for (const line of text.trimEnd().split('\n')) {
    if (line === 'vcpu') vcpus.push([]);
    else vcpus.at(-1)?.push(readEntry(line));
  }
  return vcpus;
}

function readEntry(line: string): GuestCpuidEntry {
  const [leaf, subleaf, flags, eax, ebx, ecx, edx] = line.split(' ').map((word) => Number.parseInt(word, 16));
  return { leaf, subleaf, flags, eax, ebx, ecx, edx };
}
