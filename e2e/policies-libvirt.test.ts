import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilePolicy, type CompiledPolicy, type LibvirtMapIndex } from '@cpu-atlas/core';
import { openLibvirtMaps } from '@cpu-atlas/server/library';
import { afterAll, describe, expect, it } from 'vitest';
import { shippedCatalog } from './oracle/catalogs.ts';
import { randomChoices } from './testing/random-choices.ts';

const folder = mkdtempSync(join(tmpdir(), 'cpu-atlas-libvirt-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const catalog = shippedCatalog('7.2.22');
const choices = randomChoices(catalog, ['node-a', 'node-b']);

function compile(
  choice: (typeof choices)[number],
  target: 'libvirt-domain' | 'libvirt-baseline',
  libvirt: LibvirtMapIndex | null,
): CompiledPolicy {
  const about = { aliases: [], vendor: null, machine: 'pc-q35-7.2', accel: 'kvm', qemuVersion: '7.2.22' } as const;
  return compilePolicy({ name: 'pool', ...about, ...choice, snapshots: [], libvirt }, target);
}

/** The schema of the installed libvirt. Source: libvirt, schemas/cpu.rng */
const schema = '/usr/share/libvirt/schemas/cpu.rng';
const noSchema = !existsSync(schema) || spawnSync('xmllint', ['--version']).status !== 0;

/** virsh drives QEMU by itself: no daemon of this machine is asked. */
function virsh(...args: readonly string[]): { readonly status: number | null; readonly err: string } {
  const uri = `qemu:///embed?root=${folder}/virsh`;
  const { status, stderr } = spawnSync('virsh', ['--quiet', '--connect', uri, ...args], { encoding: 'utf8' });
  return { status, err: stderr ?? '' };
}

/** null: virsh answers about CPUs. */
function virshProblem(): string | null {
  if (spawnSync('virsh', ['--version']).status !== 0) return 'virsh is not installed';
  mkdirSync(join(folder, 'virsh'));
  const known = join(folder, 'known.xml');
  writeFileSync(known, '<cpu match="exact"><model>qemu64</model></cpu>');
  const { status, err } = virsh('cpu-compare', known);
  return status === 0 || err === '' ? null : (err.trim().split('\n').at(-1) ?? 'virsh does not answer');
}

const problem = virshProblem();
const release = problem === null ? execFileSync('virsh', ['--version'], { encoding: 'utf8' }).trim() : '';
const map =
  problem === null
    ? await openLibvirtMaps()
        .of(release)
        .catch(() => null)
    : null;
const noNames = problem ?? (map === null ? `no map of libvirt ${release} is shipped` : null);

describe('libvirt XML of 50 random choices', () => {
  it.skipIf(noSchema)('is valid by the schema of the installed libvirt (skipped without it or xmllint)', () => {
    const files = choices.flatMap((choice, at) =>
      (['libvirt-domain', 'libvirt-baseline'] as const).map((target) => {
        const file = join(folder, `${at}-${target}.xml`);
        writeFileSync(file, compile(choice, target, null).text);
        return file;
      }),
    );
    const { stderr } = spawnSync('xmllint', ['--noout', '--relaxng', schema, ...files], { encoding: 'utf8' });
    expect(stderr.split('\n').filter((line) => !line.endsWith(' validates') && line !== '')).toEqual([]);
    expect(stderr.split('\n').filter((line) => line.endsWith(' validates'))).toHaveLength(100);
  });

  it.skipIf(noNames !== null)(
    `names what the installed libvirt knows, or Atlas objects (skipped: ${noNames ?? 'no'})`,
    () => {
      const judged = choices.map((choice, at) => {
        const { text, lint } = compile(choice, 'libvirt-domain', map);
        const file = join(folder, `${at}.xml`);
        writeFileSync(file, text);
        const { err } = virsh('cpu-compare', file);
        const isUnknown = /Unknown CPU (model|feature)/.test(err);
        const objects = lint.some(
          ({ severity, message }) => severity === 'error' && /has no (model|feature)/.test(message),
        );
        expect({ text, objects }).toEqual({ text, objects: isUnknown });
        return isUnknown;
      });
      expect(new Set(judged)).toEqual(new Set([true, false]));
    },
    60_000,
  );
});
