import { accessSync, constants } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findQemuBinary, readQemuVersion } from '@cpu-atlas/catalog';
import type { Catalog } from '@cpu-atlas/core';
import { chooseCatalog, listShippedCatalogs, shippedDirectory } from '@cpu-atlas/server/library';
import { describe, expect, it } from 'vitest';
import { sampleCells, type Cell } from './commands/verify.ts';
import { runCli, useFolder } from './testing/run-cli.ts';

const binary = await findQemuBinary('qemu-system-x86_64').catch(() => null);
const version = binary === null ? null : (await readQemuVersion(binary)).version;
/** The shipped catalog of this very release: harvesting the binary here would take a minute. */
const choice = version === null ? null : chooseCatalog(await listShippedCatalogs(shippedDirectory), { version });
const catalog = choice?.match === 'exact' ? choice.catalog.path : null;
const missing =
  binary === null
    ? ' (skipped: no qemu-system-x86_64)'
    : catalog === null
      ? ` (skipped: no shipped catalog of QEMU ${version})`
      : '';
const kvmMissing = missing === '' && !opensKvm() ? ' (skipped: /dev/kvm does not open)' : missing;

function opensKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const place = useFolder();

const verify = (...more: string[]) => runCli(['verify', '--catalog', catalog ?? '', '--machine', 'q35', ...more]);

describe('verify', () => {
  it.skipIf(missing !== '')(`finds no difference on TCG and exits 0${missing}`, async () => {
    const { code, out, err } = await verify('--accel', 'tcg', '--cpu', 'qemu64', 'EPYC', 'max,-avx');
    expect(err).toBe('');
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).toEqual({ summary: { cells: 3, of: 3, equal: 3, different: 0, couldNotTell: 0 } });
    expect(lines).toContainEqual(
      expect.objectContaining({ accel: 'tcg', machine: 'q35', cpu: 'max,-avx', outcome: 'equal', differences: [] }),
    );
    expect(code).toBe(0);
  });

  it.skipIf(kvmMissing !== '')(
    `finds no difference on a sample of models on KVM${kvmMissing}`,
    async () => {
      const { code, out } = await verify('--accel', 'kvm', '--all-models', '--sample', '12', '--format', 'table');
      expect(out).toMatch(/^12 of \d{3} cells: 12 equal, 0 different, 0 could not be told\n$/);
      expect(code).toBe(0);
    },
    120_000,
  );

  it.skipIf(missing !== '')(`prints each difference with its command, and exits 1${missing}`, async () => {
    const file = JSON.parse(await readFile(catalog ?? '', 'utf8')) as { catalog: Catalog };
    const wrong = join(place.folder, 'wrong.json');
    await writeFile(wrong, JSON.stringify(withoutPni(file.catalog)));
    const { code, out, err } = await runCli([
      'verify',
      '--catalog',
      wrong,
      '--accel',
      'tcg',
      '--machine',
      'q35',
      '--cpu',
      'Nehalem',
      '--format',
      'table',
    ]);
    expect(err).toBe('');
    expect(out).toMatch(/^✕ tcg q35 Nehalem\n +feature-words 01\.ECX +Atlas \w+ +QEMU \w+\n/);
    expect(out).toContain('-S -nodefaults');
    expect(out).toContain('1 cells: 0 equal, 1 different, 0 could not be told');
    expect(code).toBe(1);
  });

  it.skipIf(missing !== '')(`exits 3 when QEMU cannot be run for a cell${missing}`, async () => {
    const fake = join(place.folder, 'qemu');
    await writeFile(
      fake,
      '#!/bin/sh\n[ "$1" = --version ] && echo "QEMU emulator version 7.2.22 (x)" && exit 0\nexit 126\n',
      { mode: 0o755 },
    );
    const { code, out } = await verify('--qemu', fake, '--accel', 'tcg', '--cpu', 'qemu64');
    expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({
      outcome: 'could-not-tell',
      reason: expect.any(String) as string,
    });
    expect(code).toBe(3);
  });

  it.each<[string, string[], string]>([
    ['nothing to verify', ['--cpu'], 'USAGE_INVALID'],
    ['no model', ['--accel', 'tcg'], 'USAGE_INVALID'],
    ['an accelerator that is none', ['--accel', 'xen', '--cpu', 'EPYC'], 'ACCELERATOR_UNKNOWN'],
  ])('%s is one coded line, exit 2', async (_, args, fault) => {
    const { code, out, err } = await runCli([
      'verify',
      '--qemu',
      process.execPath,
      '--catalog',
      '10.0',
      '--machine',
      'q35',
      ...args,
    ]);
    expect(err).toMatch(new RegExp(`^${fault}: .+\n$`));
    expect([code, out]).toEqual([2, '']);
  });

  it('a binary that is not there is QEMU_NOT_FOUND', async () => {
    const { code, err } = await runCli(['verify', '--qemu', fileURLToPath(import.meta.url), '--cpu', 'EPYC']);
    expect(err).toMatch(/^QEMU_NOT_FOUND: .+\n$/);
    expect(code).toBe(2);
  });
});

/** A catalog in which no definition has sse3 (pni, CPUID.01H:ECX[0]). */
function withoutPni(catalog: Catalog): Catalog {
  const word = String(
    catalog.words.findIndex((spec) => spec.kind === 'cpuid' && spec.leaf === 1 && spec.register === 'ECX'),
  );
  const { tcg } = catalog;
  if (tcg === undefined) throw new Error('the shipped catalog has no TCG');
  const features = tcg.features.map((row) => {
    const digits = row[word];
    return digits === undefined ? row : { ...row, [word]: (BigInt(`0x${digits}`) & ~1n).toString(16) };
  });
  return { ...catalog, tcg: { ...tcg, features } };
}

describe('a sample of cells', () => {
  const cells = Array.from({ length: 200 }, (_, at): Cell => ({
    accel: at % 2 === 0 ? 'kvm' : 'tcg',
    machine: 'q35',
    cpu: `m${at}`,
  }));

  it('is the same each time, has the size asked for, and reaches both accelerators', () => {
    const sample = sampleCells(cells, 20);
    expect(sampleCells(cells, 20)).toEqual(sample);
    expect(sample).toHaveLength(20);
    expect(new Set(sample.map(({ accel }) => accel)).size).toBe(2);
  });

  it.each([[undefined], [200], [999]])('of %s is everything', (size) => {
    expect(sampleCells(cells, size)).toBe(cells);
  });
});
