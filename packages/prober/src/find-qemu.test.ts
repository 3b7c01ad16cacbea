import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findQemu } from './find-qemu.ts';
import { parseQemuVersion } from './qemu-version.ts';
import { runCommand } from './run-command.ts';

describe('parseQemuVersion', () => {
  const copyright = '\nCopyright (c) 2003-2022 Fabrice Bellard and the QEMU Project developers\n';
  it.each([
    {
      line: 'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)',
      told: { version: '7.2.22', package: 'Debian 1:7.2+dfsg-7+deb12u18+b3' },
    },
    {
      line: 'QEMU emulator version 9.0.0 (qemu-kvm-9.0.0-10.el9_5)',
      told: { version: '9.0.0', package: 'qemu-kvm-9.0.0-10.el9_5' },
    },
    {
      line: 'QEMU emulator version 10.1.50 (v10.1.0-12-gabc-dirty)',
      told: { version: '10.1.50', package: 'v10.1.0-12-gabc-dirty' },
    },
    { line: 'QEMU emulator version 11.1.3', told: { version: '11.1.3' } },
    {
      line: 'QEMU emulator version 2.5.0 (Debian 1:2.5+dfsg), Copyright (c) 2003',
      told: { version: '2.5.0', package: 'Debian 1:2.5+dfsg' },
    },
  ])('reads $line', ({ line, told }) => {
    expect(parseQemuVersion(line + copyright)).toEqual(told);
  });

  it.each(['', 'qemu-img version 7.2.22', 'QEMU emulator version', 'QEMU emulator version x'])('refuses %j', (text) => {
    expect(parseQemuVersion(text)).toBeUndefined();
  });
});

describe('findQemu', () => {
  let folder = '';
  const inFolder = (name: string): string => join(folder, name);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'atlas-find-qemu-'));
    const scripts = {
      'bin/qemu-system-x86_64': 'echo "QEMU emulator version 9.9.1 (Test 1)"',
      'hangs/qemu-kvm': 'echo started; sleep 60 & wait',
      'fails/qemu-kvm': 'echo "no such library" >&2; exit 3',
      'other/qemu-kvm': 'echo hello',
      'floods/qemu-kvm': 'yes',
    };
    for (const [name, script] of Object.entries(scripts)) {
      mkdirSync(join(inFolder(name), '..'), { recursive: true });
      writeFileSync(inFolder(name), `#!/bin/sh\n${script}\n`);
      chmodSync(inFolder(name), 0o755);
    }
    mkdirSync(inFolder('plain'));
    writeFileSync(inFolder('plain/qemu-kvm'), 'not executable');
    symlinkSync('qemu-system-x86_64', inFolder('bin/qemu-kvm'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const search = (directories: readonly string[], extraPaths: readonly string[] = []) =>
    findQemu({ searchPath: directories.map(inFolder).join(':'), extraPaths: extraPaths.map(inFolder), usualPaths: [] });

  it('counts two names of one file once, under the first', async () => {
    expect(await search(['missing', 'bin', 'bin', 'plain'], ['bin/qemu-kvm'])).toEqual({
      binaries: [{ path: inFolder('bin/qemu-kvm'), version: '9.9.1', package: 'Test 1' }],
      unread: [],
    });
  });

  it.each([
    { name: 'fails', code: 'QEMU_FAILED', reason: '--version ended with 3: no such library' },
    { name: 'other', code: 'QEMU_UNRECOGNIZED', reason: 'its --version is not that of a QEMU' },
  ])('a binary that $name is named with its reason', async ({ name, code, reason }) => {
    const { binaries, unread } = await search([name]);
    expect(binaries).toEqual([]);
    expect(unread).toMatchObject([{ path: inFolder(`${name}/qemu-kvm`), unknown: { code, reason } }]);
  });

  it('a path that was asked for and does not exist is named', async () => {
    const { unread } = await search([], ['missing/qemu']);
    expect(unread).toMatchObject([{ path: inFolder('missing/qemu'), unknown: { code: 'QEMU_FAILED' } }]);
  });

  it('ignores relative directories, which depend on where the service was started', async () => {
    expect(await findQemu({ searchPath: '.:bin:', usualPaths: [] })).toEqual({ binaries: [], unread: [] });
  });

  it('a command that hangs is killed with its children', async () => {
    const startMs = performance.now();
    const outcome = await runCommand(inFolder('hangs/qemu-kvm'), [], { timeoutMs: 200, outputBytes: 100 });
    expect(outcome).toEqual({ kind: 'timeout' });
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });

  it('a command that floods us costs the limit only', async () => {
    const outcome = await runCommand(inFolder('floods/qemu-kvm'), [], { timeoutMs: 300, outputBytes: 100 });
    expect(outcome).toEqual({ kind: 'timeout' });
    const short = await runCommand('/bin/sh', ['-c', 'head -c 100000 /dev/zero'], {
      timeoutMs: 5_000,
      outputBytes: 100,
    });
    expect(short.kind === 'ended' && short.stdout.length).toBe(100);
  });
});
