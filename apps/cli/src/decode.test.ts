import { describe, expect, it } from 'vitest';
import { runCli } from './testing/run-cli.ts';

describe('cpu-atlas decode', () => {
  const text = "qemu: warning: host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]\n";

  it('tells what a warning on standard input means, with the remedy', async () => {
    const { code, out } = await runCli(['decode', '--format', 'table'], text);
    expect(code).toBe(0);
    expect(out).toContain('missing hle  CPUID.07H.0:EBX[4]');
    expect(out).toMatch(/→ .*TSX/);
  });

  it('gives JSON to programs', async () => {
    const { out } = await runCli(['decode'], text);
    expect(JSON.parse(out)).toMatchObject({ messages: [{ source: 'qemu', line: 1 }], features: [{ name: 'hle' }] });
  });

  it.each([
    ['could not tell where nothing is known', ['decode'], 'hello\n', 3, ''],
    ['a file that is not there', ['decode', '/nonexistent'], '', 2, 'FILE_UNREADABLE'],
  ])('%s: exit %d', async (_, args, input, code, fault) => {
    const result = await runCli(args, input);
    expect(result.code).toBe(code);
    expect(result.err).toContain(fault);
  });
});
