import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { expectFault, runCli } from './testing/run-cli.ts';

const directory = mkdtempSync(join(tmpdir(), 'cpu-atlas-cli-join-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const env = { CPU_ATLAS_DATA_DIR: directory };
const settings = join(directory, 'settings.json');
writeFileSync(settings, '{"join": "http://hub.example"}');

describe('serve --join', () => {
  it.each<[string, readonly string[], string]>([
    ['an address that is none', ['--join', 'hub.example'], 'USAGE_INVALID'],
    ['another protocol', ['--join', 'ftp://hub.example'], 'USAGE_INVALID'],
    ['a token in the address', ['--join', 'https://me:hunter2@hub.example'], 'USAGE_INVALID'],
    ['a hub without TLS beyond this machine', ['--join', 'http://hub.example'], 'USAGE_INVALID'],
    ['the same out of a file of settings', ['--config', settings], 'USAGE_INVALID'],
    [
      'a token file that is not there',
      ['--join', 'https://hub.example', '--join-token-file', '/nonexistent'],
      'FILE_UNREADABLE',
    ],
    [
      'certificates that are not there',
      ['--join', 'https://hub.example', '--join-ca', '/nonexistent'],
      'FILE_UNREADABLE',
    ],
    ['settings that are not there', ['--config', '/nonexistent'], 'FILE_UNREADABLE'],
    [
      'a host that is unreachable before it is stale',
      ['--stale-after', '5', '--unreachable-after', '5'],
      'USAGE_INVALID',
    ],
  ])('with %s does not start', async (_, args, code) => {
    const result = await runCli(['serve', '--port', '0', '--no-harvest', ...args], '', env);
    expectFault(result, code);
    expect(result.err).not.toContain('hunter2');
  });
});
