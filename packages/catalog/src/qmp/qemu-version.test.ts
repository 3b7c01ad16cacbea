import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseQemuVersion, readQemuVersion } from './qemu-version.ts';
import { processesLeft } from './testing/processes.ts';
import { realQemus } from './testing/real-qemu.ts';

test.each([
  {
    text: 'QEMU emulator version 10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)\nCopyright (c) 2003-2025 Fabrice Bellard\n',
    version: { version: '10.0.13', package: 'Debian 1:10.0.13+ds-0+deb13u1' },
  },
  { text: 'QEMU emulator version 11.1.3\nCopyright', version: { version: '11.1.3', package: '' } },
  {
    text: 'QEMU emulator version 2.11.1(Debian 1:2.11+dfsg-1ubuntu7.42)',
    version: { version: '2.11.1', package: 'Debian 1:2.11+dfsg-1ubuntu7.42' },
  },
  {
    text: 'QEMU emulator version 1.5.3 (qemu-kvm-1.5.3-175.el7), Copyright (c) 2003-2008 Fabrice Bellard',
    version: { version: '1.5.3', package: 'qemu-kvm-1.5.3-175.el7' },
  },
  {
    text: 'QEMU emulator version 10.1.90 (v10.2.0-rc0-5-gabc)\r\n',
    version: { version: '10.1.90', package: 'v10.2.0-rc0-5-gabc' },
  },
  { text: 'warning: x\nQEMU emulator version 9.2.0-dirty', version: { version: '9.2.0-dirty', package: '' } },
  { text: 'qemu-x86_64 version 7.2.22 (Debian)', version: null },
  { text: '', version: null },
])('$text', ({ text, version }) => {
  expect(parseQemuVersion(text)).toEqual(version);
});

describe('a binary', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cpu-atlas-version-'));
  const marker = `cpu-atlas-test-${randomUUID()}`;
  afterAll(async () => {
    expect(await processesLeft(marker)).toEqual([]);
    rmSync(folder, { recursive: true, force: true });
  });

  function program(name: string, script: string): string {
    const path = join(folder, `${name}-${marker}`);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  test.each([
    { name: 'that is something else', script: 'echo coreutils 9.1', code: 'QEMU_NOT_FOUND', says: 'coreutils 9.1' },
    { name: 'that fails', script: 'echo no libs >&2; exit 127', code: 'QEMU_NOT_FOUND', says: 'no libs' },
    { name: 'that says nothing', script: '', code: 'QEMU_NOT_FOUND', says: '' },
    { name: 'that never ends', script: 'sleep 1000', code: 'QEMU_TIMEOUT', says: '300 ms' },
    { name: 'that prints without end', script: 'yes', code: 'QEMU_TIMEOUT', says: '300 ms' },
  ])('$name is $code', async ({ name, script, code, says }) => {
    const reading = readQemuVersion(program(name.replaceAll(' ', '-'), script), { timeoutMs: 300 });
    await expect(reading).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
  });

  test('that is missing is QEMU_NOT_FOUND', async () => {
    await expect(readQemuVersion(join(folder, 'none'))).rejects.toMatchObject({ code: 'QEMU_NOT_FOUND' });
  });

  test.skipIf(realQemus.length === 0).each(realQemus)('%s is a QEMU (needs qemu-system-x86_64)', async (binary) => {
    await expect(readQemuVersion(binary)).resolves.toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });
});
