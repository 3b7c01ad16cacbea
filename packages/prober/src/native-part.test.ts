import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatCpuList } from '@cpu-atlas/core';
import { parseCpuList } from './cpu-list.ts';
import type { NativeProbe } from './native-part.ts';
import { loadNative, nativeStatus } from './native-part.ts';
import { readCpuid } from './read-cpuid.ts';

const part = loadNative();
const skipNote = part.kind === 'loaded' ? '' : ` (skipped: ${part.unknown.reason})`;
const probe = part.kind === 'loaded' ? part.probe : undefined;

function needProbe(): NativeProbe {
  if (probe === undefined) throw new Error('the test should have been skipped');
  return probe;
}

const limits = { cpuLimitMs: 2_000, totalLimitMs: 10_000 };
const einval = 22;
const etimedout = 110;

describe('loadNative', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'atlas-native-'));
    writeFileSync(join(folder, 'broken.node'), 'this is no shared object');
    writeFileSync(join(folder, 'other.cjs'), 'module.exports = { readCpuid: 1 };');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    { file: 'absent.node', code: 'NATIVE_MISSING' },
    { file: 'broken.node', code: 'NATIVE_BROKEN' },
    { file: 'other.cjs', code: 'NATIVE_BROKEN' },
  ])('$file gives $code, not an exception', ({ file, code }) => {
    expect(loadNative(join(folder, file))).toMatchObject({ kind: 'missing', unknown: { code } });
    expect(nativeStatus(join(folder, file))).toMatchObject({ kind: 'missing', path: join(folder, file) });
  });
});

describe.skipIf(probe === undefined)(`the native part${skipNote}`, () => {
  const online = parseCpuList(readOr('/sys/devices/system/cpu/online', '0')) ?? [0];

  it('reads the vendor that /proc/cpuinfo shows, on each CPU', async () => {
    const { dumps, unread } = await readCpuid(needProbe(), online, limits);
    expect(unread).toEqual([]);
    expect(dumps.map((dump) => dump.cpu)).toEqual(online);
    const vendor = /^vendor_id\s*: (\S+)$/m.exec(readOr('/proc/cpuinfo', ''))?.[1];
    for (const { records } of dumps) {
      const bytes = Buffer.alloc(12);
      [records[0]?.ebx, records[0]?.edx, records[0]?.ecx].forEach((each, i) => bytes.writeUInt32LE(each ?? 0, i * 4));
      expect(bytes.toString('latin1')).toBe(vendor);
    }
  });

  it('runs on the CPU that was asked for: the APIC ids are those of /proc/cpuinfo', async () => {
    const { dumps } = await readCpuid(needProbe(), online, limits);
    const ids = dumps.map(({ records }) => (records.find(({ leaf }) => leaf === 1)?.ebx ?? 0) >>> 24);
    const expected = [...readOr('/proc/cpuinfo', '').matchAll(/^initial apicid\s*: (\d+)$/gm)].map(
      (match) => Number(match[1]) & 0xff,
    );
    expect(ids).toEqual(expected);
  });

  it('leaves the affinity of the main thread alone', async () => {
    const before = readAffinity();
    await readCpuid(needProbe(), online, limits);
    expect(readAffinity()).toBe(before);
  });

  it('a CPU that does not exist gets an errno, the others their answers', async () => {
    const { dumps, unread } = await readCpuid(needProbe(), [8191, ...online, 8190], limits);
    expect(unread).toEqual([8191, 8190]);
    expect(formatCpuList(dumps.map((dump) => dump.cpu))).toBe(formatCpuList(online));
  });

  it('without time left CPUs are given up, and the call ends', async () => {
    const cpus = Uint32Array.of(8191, 8191, 8191);
    const { errors } = await held(needProbe().readCpuid(cpus, Uint32Array.of(0, 0), 1_000, 0));
    expect([einval, etimedout]).toEqual(expect.arrayContaining([...errors]));
  });

  it('arguments of wrong type or size throw and start nothing', () => {
    const native = needProbe();
    const one = Uint32Array.of(0);
    const call =
      (...values: readonly unknown[]) =>
      () =>
        Reflect.apply(native.readCpuid, native, values);
    expect(call()).toThrow(TypeError);
    expect(call([0], one, 1, 1)).toThrow('cpus: expected a Uint32Array');
    expect(call(one, one, 1, 1)).toThrow(RangeError);
    expect(call(one, new Uint32Array(8_194), 1, 1)).toThrow('queries');
    expect(call(one, Uint32Array.of(0, 0), -1, 1)).toThrow('cpuLimitMs');
    expect(call(one, Uint32Array.of(0, 0), 1, Number.NaN)).toThrow('totalLimitMs');
    const long = 'x'.repeat(5_000);
    expect(() => native.readKvmSystem(long, null, 1, Uint32Array.of(0, 0))).toThrow('device');
    expect(() => native.readKvmSystem('/dev/kvm\0', null, 1, Uint32Array.of(0, 0))).toThrow('device');
  });

  it('a device that cannot be opened rejects with errno and syscall', async () => {
    const call = held(needProbe().readKvmSystem('/nonexistent/kvm', null, 1, Uint32Array.of(0, 0)));
    await expect(call).rejects.toMatchObject({ errno: 2, syscall: 'open' });
  });

  it('a worker thread that ends in the middle of a job does no harm', async () => {
    const script = `
      const { createRequire } = require('node:module');
      const native = createRequire(${JSON.stringify(import.meta.url)})(${JSON.stringify(nativeStatus().path)});
      for (let i = 0; i < 20; i++) native.readCpuid(Uint32Array.of(0), new Uint32Array(4096), 1000, 1000).catch(() => {});
      require('node:worker_threads').parentPort.postMessage('started');
    `;
    const worker = new Worker(script, { eval: true });
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
    // Its jobs go on and end without anybody to answer to.
    await waitUntil(() => readdirSync('/proc/self/task').length < 30);
    const { dumps } = await readCpuid(needProbe(), [online[0] ?? 0], limits);
    expect(dumps).toHaveLength(1);
  });

  it('more jobs than it takes at once are refused, none is lost', async () => {
    const calls = Array.from({ length: 200 }, () =>
      needProbe().readCpuid(Uint32Array.of(online[0] ?? 0), Uint32Array.of(0, 0), 1_000, 1_000),
    );
    const outcomes = await held(Promise.allSettled(calls));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    for (const { reason } of refused) expect(reason).toMatchObject({ errno: 11, syscall: 'job_start' });
    expect(outcomes.length - refused.length).toBeGreaterThan(1);
    await waitUntil(() => readdirSync('/proc/self/task').length < 30);
  });
});

/** The addon does not keep the process alive; in the product a time limit does. */
async function held<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, 1_000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

async function waitUntil(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !isTrue(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isTrue()).toBe(true);
}

function readAffinity(): string | undefined {
  return /^Cpus_allowed_list:\s*(\S+)$/m.exec(readOr('/proc/thread-self/status', ''))?.[1];
}

function readOr(path: string, fallback: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : fallback;
}
