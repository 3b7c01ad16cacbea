import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ImportOptions } from '@cpu-atlas/importer';
import { zipSync } from 'fflate';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createImportDesk, importBudget, type ImportBudget, type ImportDesk } from './import-desk.ts';

const options: ImportOptions = { source: 'paste', collectedAt: '2026-11-22T00:00:00Z' };
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** `cpuid -r` of so many CPUs: one leaf 7 each, but for leaf 0 and 1. */
function cpuidDump(cpus: number): string {
  const row = (leaf: string, ebx: string): string =>
    `   0x${leaf} 0x00: eax=0x00000016 ebx=0x${ebx} ecx=0x6c65746e edx=0x49656e69\n`;
  const cpu = row('00000000', '756e6547') + row('00000001', '00000000') + row('00000007', '00000020');
  return Array.from({ length: cpus }, (_, number) => `CPU ${number}:\n${cpu}`).join('');
}

let desk: ImportDesk;
function open(budget: Partial<ImportBudget> = {}): ImportDesk {
  desk = createImportDesk({ ...importBudget, ...budget });
  return desk;
}
afterEach(() => desk.close());

/** The thread runs the built file. */
beforeAll(async () => {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const project = fileURLToPath(new URL('../..', import.meta.url));
  await promisify(execFile)(process.execPath, [tsc, '-b', project]).catch(() => undefined);
}, 120_000);

describe('an import desk', () => {
  it('reads small and large input alike', async () => {
    const small = await open().prepare(text(cpuidDump(1)), options);
    const large = await open({ inlineBytes: 0 }).prepare(text(cpuidDump(1)), options);
    expect(large).toEqual(small);
    expect(small.hosts[0]?.knows).toEqual({ hardware: 'partial', kvm: false, qemu: false });
  });

  it('reads every archive in a thread, however small', async () => {
    const archive = zipSync({ 'a.txt': text(cpuidDump(1)), 'b.txt': text('hello') });
    const { format, hosts, refused } = await open({ inlineBytes: 1e9, heapMb: 64 }).prepare(archive, options);
    expect([format, hosts.map(({ name }) => name), refused.length]).toEqual(['zip', ['a'], 1]);
  });

  it('passes on the fault of a thread with its code, place and remedy', async () => {
    const refusal = open({ inlineBytes: 0 }).prepare(text('hello'), options);
    await expect(refusal).rejects.toMatchObject({ code: 'IMPORT_FORMAT_UNKNOWN', where: 'paste' });
  });

  it('gives up after its time limit', async () => {
    const slow = open({ inlineBytes: 0, timeLimitMs: 1 }).prepare(text(cpuidDump(2_000)), options);
    await expect(slow).rejects.toMatchObject({ code: 'IMPORT_TOO_COSTLY', where: 'paste' });
  });

  it('gives up above its memory, and the server lives on', async () => {
    const json = `{"return":[${'{"a":1},'.repeat(120_000)}1]}`;
    const large = open({ inlineBytes: 0, heapMb: 8 }).prepare(text(json), options);
    await expect(large).rejects.toMatchObject({ code: 'IMPORT_TOO_COSTLY' });
    await expect(open({ inlineBytes: 0 }).prepare(text(cpuidDump(1)), options)).resolves.toMatchObject({ refused: [] });
  });

  it('lets so many wait for a thread, and refuses the next one', async () => {
    const { prepare } = open({ inlineBytes: 0, waiting: 2 });
    const asked = Array.from({ length: 4 }, () => prepare(text(cpuidDump(1)), options));
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    await expect(asked[3]).rejects.toMatchObject({ code: 'IMPORT_BUSY' });
    await expect(prepare(text(cpuidDump(1)), options)).resolves.toBeDefined();
  });

  it('does not hold up the server while it reads', async () => {
    const input = text(`<capabilities>${'<a/>'.repeat(190_000)}</capabilities>`);
    /** The longest time in which nothing else could run. */
    const longestMs = async (budget: Partial<ImportBudget>): Promise<number> => {
      const { prepare } = open(budget);
      await setTimeout(20);
      let lastMs = performance.now();
      let longest = 0;
      const tick = (): void => {
        const nowMs = performance.now();
        longest = Math.max(longest, nowMs - lastMs);
        lastMs = nowMs;
      };
      const timer = setInterval(tick, 2);
      await prepare(input, options).catch(() => undefined);
      await setTimeout(20);
      clearInterval(timer);
      return longest;
    };
    const atOnceMs = await longestMs({ inlineBytes: 1e9 });
    expect(await longestMs({})).toBeLessThan(atOnceMs / 2);
  });

  it('refuses what waits when it closes', async () => {
    const { prepare, close } = open({ inlineBytes: 0 });
    const asked = [prepare(text(cpuidDump(500)), options), prepare(text(cpuidDump(1)), options)];
    const outcomes = Promise.allSettled(asked);
    await close();
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'IMPORT_BUSY' } });
  });
});
