import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSnapshot, resolutionSchema } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { catalog10, expectFault, recordedHost, runCli, useFolder } from './testing/run-cli.ts';

const place = useFolder();

const onRecorded = (...more: string[]): string[] => [
  'resolve',
  '--host',
  recordedHost,
  '--catalog',
  '10.0',
  '--machine',
  'pc-q35-10.0',
  ...more,
];

describe('resolve', () => {
  it.each<[string, string[], number, string]>([
    ['a model that the host has is runnable', ['--accel', 'kvm', '--cpu', 'qemu64'], 0, 'runnable'],
    ['a model that lacks something is filtered', ['--accel', 'kvm', '--cpu', 'Skylake-Server'], 1, 'filtered'],
    ['enforce makes that a refusal', ['--accel', 'kvm', '--cpu', 'Skylake-Server,enforce'], 1, 'refused'],
    ['TCG needs no host', ['--accel', 'tcg', '--cpu', 'qemu64'], 0, 'runnable'],
  ])('%s', async (_, args, exit, status) => {
    const { code, out, err } = await runCli(onRecorded(...args));
    expect(err).toBe('');
    const answer: unknown = JSON.parse(out);
    expect(resolutionSchema.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({ status, machine: 'pc-q35-10.0' });
    expect(code).toBe(exit);
  });

  it('exits 3 where the layer that decides is not known', async () => {
    const { kernel: _, ...silent } = parseSnapshot(JSON.parse(await readFile(recordedHost, 'utf8')));
    const file = join(place.folder, 'silent.json');
    await writeFile(file, JSON.stringify(silent));
    const { code, out } = await runCli([
      'resolve',
      '--host',
      file,
      '--catalog',
      '10.0',
      '--machine',
      'q35',
      '--cpu',
      'EPYC',
    ]);
    expect(JSON.parse(out)).toMatchObject({ status: 'unknown' });
    expect(code).toBe(3);
  });

  it('--explain tells each feature', async () => {
    const { out } = await runCli(onRecorded('--cpu', 'Skylake-Server', '--explain'));
    const { features } = JSON.parse(out) as { features: { name: string }[] };
    expect(features.find(({ name }) => name === 'avx512f')).toMatchObject({
      state: 'filtered',
      blocker: { layer: 'hardware' },
    });
  });

  it('--format table is for people, in colour on no pipe', async () => {
    const { out } = await runCli(onRecorded('--cpu', 'Skylake-Server', '--explain', '--format', 'table'));
    expect(out).toContain('filtered  Skylake-Server = Skylake-Server-v1');
    expect(out).toMatch(/avx512f +CPUID\.07H\.0:EBX\[16\] +hardware/);
    expect(out).not.toContain('\u001B');
  });

  it.each<[string, string[], string]>([
    ['an unknown model', onRecorded('--cpu', 'Nosuch'), 'CPU_MODEL_UNKNOWN'],
    ['an unknown property', onRecorded('--cpu', 'EPYC,+nosuch'), 'CPU_PROPERTY_UNKNOWN'],
    ['a malformed argument', onRecorded('--cpu', 'EPYC,+'), 'CPU_STRING_INVALID'],
    [
      'an unknown machine type',
      ['resolve', '--host', recordedHost, '--catalog', '10.0', '--machine', 'pc-99', '--cpu', 'EPYC'],
      'MACHINE_TYPE_UNKNOWN',
    ],
    ['an unknown accelerator', onRecorded('--cpu', 'EPYC', '--accel', 'xen'), 'ACCELERATOR_UNKNOWN'],
    ['a topology that is none', onRecorded('--cpu', 'EPYC', '--smp', 'many'), 'REQUEST_INVALID'],
    [
      'a host file that is not there',
      ['resolve', '--host', '/nonexistent', '--machine', 'q35', '--cpu', 'EPYC'],
      'FILE_UNREADABLE',
    ],
    ['a folder as host', ['resolve', '--host', '/', '--machine', 'q35', '--cpu', 'EPYC'], 'FILE_UNREADABLE'],
    [
      'a file without end as host',
      ['resolve', '--host', '/dev/zero', '--machine', 'q35', '--cpu', 'EPYC'],
      'FILE_TOO_LARGE',
    ],
    [
      'a catalog that is not there',
      ['resolve', '--host', recordedHost, '--catalog', './no', '--machine', 'q35', '--cpu', 'EPYC'],
      'CATALOG_NOT_FOUND',
    ],
    [
      'a hash that is not there',
      ['resolve', '--host', recordedHost, '--catalog', 'sha256:00', '--machine', 'q35', '--cpu', 'EPYC'],
      'CATALOG_NOT_FOUND',
    ],
    [
      'a snapshot as catalog',
      ['resolve', '--host', recordedHost, '--catalog', recordedHost, '--machine', 'q35', '--cpu', 'EPYC'],
      'CATALOG_INVALID',
    ],
  ])('%s is one coded line', async (_, args, fault) => {
    expectFault(await runCli(args), fault);
  });

  it('a snapshot that was cut short is SNAPSHOT_INVALID with line and column, wherever the cut is', async () => {
    const text = await readFile(recordedHost, 'utf8');
    for (const share of [0, 0.1, 0.5, 0.9, 0.999]) {
      const file = join(place.folder, 'cut.json');
      await writeFile(file, text.slice(0, Math.floor(text.length * share)));
      expectFault(
        await runCli(['resolve', '--host', file, '--catalog', '10.0', '--machine', 'q35', '--cpu', 'EPYC']),
        'SNAPSHOT_INVALID',
      );
    }
  }, 60_000);

  it('a catalog that was edited is CATALOG_INVALID', async () => {
    const text = await readFile(catalog10, 'utf8');
    const file = join(place.folder, 'edited.json');
    await writeFile(file, text.replace('"deprecated":false', '"deprecated":true'));
    expectFault(
      await runCli(['resolve', '--host', recordedHost, '--catalog', file, '--machine', 'q35', '--cpu', 'EPYC']),
      'CATALOG_INVALID',
    );
  });

  it.each<[string, string, boolean]>([
    ['a version', '10.0', false],
    ['a full version', '10.0.13', false],
    ['a file', catalog10, false],
    ['a folder', join(catalog10, '..'), false],
    ['a version that is not there, which it says', '10.0.99', true],
  ])('--catalog takes %s', async (_, catalog, isAssumed) => {
    const { out } = await runCli([
      'resolve',
      '--host',
      recordedHost,
      '--catalog',
      catalog,
      '--machine',
      'pc-q35-10.0',
      '--cpu',
      'EPYC',
    ]);
    const { assumptions } = JSON.parse(out) as { assumptions: string[] };
    expect(assumptions.some((line) => line.includes('10.0.99'))).toBe(isAssumed);
  });

  it('--catalog takes a hash', async () => {
    const { hash } = JSON.parse(await readFile(catalog10, 'utf8')) as { hash: string };
    expect(
      (await runCli(['resolve', '--host', recordedHost, '--catalog', hash, '--machine', 'q35', '--cpu', 'qemu64']))
        .code,
    ).toBe(0);
  });
});
