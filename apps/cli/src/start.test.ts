import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../bin/cpu-atlas.js', import.meta.url));

/** A hook of Node's loader that names each module on stderr. Source: Node 20, module.register() */
const hook = 'export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }';
const watcher = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});`;

/** Files that a start of the built program loads. */
function modulesOf(args: readonly string[]): readonly string[] {
  const { stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(watcher)}`, bin, ...args],
    { encoding: 'utf8', input: '' },
  );
  return stderr.split('\n').filter((line) => line.startsWith('file:'));
}

describe('a start loads no more than it needs', () => {
  it.each([
    { args: ['--version'], packages: ['core'], most: 12 },
    { args: ['--help'], packages: ['core'], most: 12 },
    { args: ['nosuch'], packages: ['core'], most: 12 },
    { args: ['decode', '--help'], packages: ['core'], most: 16 },
    { args: ['decode'], packages: ['core'], most: 50 },
  ])('$args: $packages and at most $most modules of Atlas, besides commander', ({ args, packages, most }) => {
    const modules = modulesOf(args);
    const own = modules.filter((url) => !url.includes('/node_modules/'));
    expect(own.length).toBeGreaterThan(3);
    expect(own.length).toBeLessThanOrEqual(most);
    expect(new Set(own.flatMap((url) => /\/packages\/([^/]+)\//.exec(url)?.[1] ?? []))).toEqual(new Set(packages));
    expect(own.filter((url) => url.includes('/apps/server/'))).toEqual([]);
    const foreign = modules.flatMap((url) => /\/node_modules\/([^/]+)\//.exec(url)?.[1] ?? []);
    expect(new Set(foreign)).toEqual(new Set(['commander']));
  });
});
