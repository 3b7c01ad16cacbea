import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AtlasError } from '@cpu-atlas/core';
import { Command, Option } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { applyConfigFile } from './config-file.ts';
import { wholeNumber } from './shared-options.ts';

const directory = mkdtempSync(join(tmpdir(), 'cpu-atlas-config-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Environment = Readonly<Record<string, string>>;

/** What the options come to, with that file, that command line and that environment. */
function settle(text: string, args: readonly string[] = [], environment: Environment = {}): Record<string, unknown> {
  const path = join(directory, 'settings.json');
  writeFileSync(path, text);
  const command = new Command('serve')
    .exitOverride()
    .addOption(new Option('--host <address>').default('127.0.0.1'))
    .addOption(new Option('--port <port>').default(4280).argParser(wholeNumber(0, 65_535)))
    .addOption(new Option('--log-level <level>').choices(['info', 'warn']).default('info'))
    .addOption(new Option('--allow-host <name...>').default([]))
    .addOption(new Option('--require-login'))
    .addOption(new Option('--no-harvest'))
    .addOption(new Option('--config <file>'));
  command.parse([...args], { from: 'user' });
  applyConfigFile(command, path, environment);
  return command.opts();
}

describe('settings in a file', () => {
  it('fill in what nobody said', () => {
    const text = JSON.stringify({
      host: '::1',
      port: 5000,
      'log-level': 'warn',
      'allow-host': ['a', 'b'],
      'require-login': true,
      harvest: false,
    });
    expect(settle(text)).toEqual({
      ...{ host: '::1', port: 5000, logLevel: 'warn', allowHost: ['a', 'b'], requireLogin: true, harvest: false },
    });
  });

  it.each<[string, readonly string[], Environment, string]>([
    ['the command line beats the file', ['--host', '10.0.0.1'], {}, '10.0.0.1'],
    ['what the environment says is left to it', [], { CPU_ATLAS_HOST: '10.0.0.2' }, '127.0.0.1'],
    ['an empty variable says nothing', [], { CPU_ATLAS_HOST: '' }, 'file'],
    ['the file beats the default', [], {}, 'file'],
  ])('%s', (_, args, environment, expected) => {
    expect(settle('{"host": "file"}', args, environment)['host']).toBe(expected);
  });

  it.each<[string, string, string]>([
    ['a setting that there is not', '{"prot": 1}', 'prot'],
    ['the file itself', '{"config": "other.json"}', 'config'],
    ['a number that is too large', '{"port": 70000}', 'port'],
    ['a word that is none of the choices', '{"log-level": "loud"}', 'log-level'],
    ['a text for yes or no', '{"require-login": "yes"}', 'require-login'],
    ['an object for a text', '{"host": {}}', 'host'],
    ['a list that is not of texts', '{"allow-host": [null]}', 'allow-host'],
    ['a list at the top', '[]', 'settings.json'],
    ['no JSON', '{', 'settings.json'],
  ])('%s is USAGE_INVALID with its place', (_, text, where) => {
    const run = (): unknown => settle(text);
    expect(run).toThrow(AtlasError);
    expect(run).toThrow(
      expect.objectContaining({ code: 'USAGE_INVALID', where: expect.stringContaining(where) as string }) as Error,
    );
  });

  it('a file that is not there is FILE_UNREADABLE', () => {
    expect(() => applyConfigFile(new Command(), join(directory, 'nothing.json'), {})).toThrow(
      expect.objectContaining({ code: 'FILE_UNREADABLE' }) as Error,
    );
  });
});
