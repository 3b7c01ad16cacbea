import { isUnknown, type AtlasErrorCode, type HardwareLayer, type HostSnapshot } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { importText } from './import-text.ts';
import type { TextFormat } from './import-types.ts';
import { caught } from './testing/caught.ts';
import { listCorpus, options, readCorpus, readDemoHost } from './testing/seed-corpus.ts';

function hardwareOf({ hardware }: HostSnapshot): HardwareLayer {
  if (hardware === undefined || isUnknown(hardware)) throw new Error('the hardware is unknown');
  return hardware;
}

const good: Readonly<Record<string, { readonly format: TextFormat; readonly name: string }>> = {
  'cpudata-ryzen-9-3900x.xml': { format: 'libvirt-cpudata', name: 'AMD Ryzen 9 3900X 12-Core Processor' },
  'cpudata-xeon-6788p-partial.xml': { format: 'libvirt-cpudata', name: 'Intel(R) Xeon(R) 6788P' },
  'cpuid-all-epyc-milan-guest.txt': { format: 'cpuid-raw', name: 'AMD EPYC-Milan Processor' },
  'cpuid-one-xeon-gold-6148.txt': { format: 'cpuid-raw', name: 'Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz' },
  'cpuinfo-epyc-milan-guest.txt': { format: 'proc-cpuinfo', name: 'AMD EPYC-Milan Processor' },
  'cpuinfo-xeon-gold-5115.txt': { format: 'proc-cpuinfo', name: 'Intel(R) Xeon(R) Gold 5115 CPU @ 2.40GHz' },
  'qmp-one-expansion-a10-5800k.txt': { format: 'qmp', name: 'AMD A10-5800K APU with Radeon(tm) HD Graphics' },
  'qmp-replies-only-xeon-platinum-9242.txt': { format: 'qmp', name: 'Intel(R) Xeon(R) Platinum 9242 CPU @ 2.30GHz' },
  'qmp-session-qemu-4.2-xeon-e3-1245-v5.replies': { format: 'qmp', name: 'Intel(R) Xeon(R) CPU E3-1245 v5 @ 3.50GHz' },
  'snapshot-core2-q9500.txt': { format: 'snapshot', name: 'core2-q9500' },
  'virsh-capabilities-xeon-gold-6148.xml': { format: 'virsh-capabilities', name: 'Skylake-Server' },
  'virsh-domcapabilities-qemu-4.2-tcg.xml': { format: 'virsh-domcapabilities', name: '/usr/bin/qemu-system-x86_64' },
  'virsh-domcapabilities-qemu-10.0-kvm.xml': { format: 'virsh-domcapabilities', name: '/usr/bin/qemu-system-x86_64' },
};

/** Null: harmless, and imported. */
const hostile: Readonly<Record<string, { readonly code: AtlasErrorCode; readonly where: string } | null>> = {
  'arm-cpuinfo.txt': { code: 'IMPORT_UNSUPPORTED', where: 'paste' },
  'bad-hex.xml': { code: 'IMPORT_INVALID', where: 'paste: line 2' },
  'bad-snapshot.txt': { code: 'SNAPSHOT_INVALID', where: 'paste: $.collectedAt' },
  'billion-laughs.xml': { code: 'IMPORT_UNSAFE', where: 'paste' },
  'cut-line.txt': { code: 'IMPORT_INVALID', where: 'paste: line 3' },
  'cut-short-json.txt': { code: 'IMPORT_INVALID', where: 'paste: from line 1' },
  'cut-short.zip': { code: 'IMPORT_INVALID', where: 'paste' },
  'decoded-cpuid.txt': { code: 'IMPORT_UNSUPPORTED', where: 'paste' },
  'deep-json.txt': { code: 'IMPORT_TOO_LARGE', where: 'paste: line 1' },
  'deep.xml': { code: 'IMPORT_TOO_LARGE', where: 'paste: line 1, column 86' },
  'elf.bin': { code: 'IMPORT_UNSAFE', where: 'paste: character 7' },
  'empty.txt': { code: 'IMPORT_FORMAT_UNKNOWN', where: 'paste' },
  'external-entity.xml': { code: 'IMPORT_UNSAFE', where: 'paste' },
  'gzip.bin': { code: 'IMPORT_UNSUPPORTED', where: 'paste' },
  'latin1.txt': { code: 'IMPORT_UNSUPPORTED', where: 'paste' },
  'lscpu.txt': { code: 'IMPORT_UNSUPPORTED', where: 'paste' },
  'no-flags-cpuinfo.txt': { code: 'IMPORT_INVALID', where: 'paste: line 1' },
  'no-leaf-0.xml': { code: 'IMPORT_INVALID', where: 'paste' },
  'nul-bytes.txt': { code: 'IMPORT_UNSAFE', where: 'paste: character 7' },
  'one-leaf.txt': { code: 'IMPORT_INVALID', where: 'paste' },
  'other-arch.xml': { code: 'IMPORT_UNSUPPORTED', where: 'paste' },
  'other-schema.txt': { code: 'IMPORT_UNSUPPORTED', where: 'paste' },
  'page.txt': { code: 'IMPORT_FORMAT_UNKNOWN', where: 'paste' },
  'prose.txt': { code: 'IMPORT_FORMAT_UNKNOWN', where: 'paste' },
  'prototype-entity.xml': { code: 'IMPORT_INVALID', where: 'paste: line 1, column 39' },
  'prototype-json.txt': null,
  'two-answers.xml': { code: 'IMPORT_INVALID', where: 'paste' },
  'unclosed.xml': { code: 'IMPORT_INVALID', where: 'paste: line 3, column 0' },
  'undefined-entity.xml': { code: 'IMPORT_INVALID', where: 'paste: line 1, column 31' },
};

describe('the seed corpus', () => {
  it('has a row in these tables for each of its files', () => {
    expect(listCorpus()).toEqual(Object.keys(good).sort());
    expect(listCorpus('hostile')).toEqual(Object.keys(hostile).sort());
  });

  it.each(Object.entries(good))('%s is recognised, and one host', (file, { format, name }) => {
    const result = importText(readCorpus(file), options);
    expect(result.format).toBe(format);
    expect(result.refused).toEqual([]);
    expect(result.snapshots.map(({ host }) => host.name)).toEqual([name]);
  });

  it.each(Object.keys(good))('%s is the same as text, with DOS line ends, with a BOM and as UTF-16', (file) => {
    const text = Buffer.from(readCorpus(file)).toString('utf8');
    const expected = importText(text, options);
    const utf16 = new Uint8Array(Buffer.from(`\uFEFF${text}`, 'utf16le'));
    for (const variant of [text.replaceAll('\n', '\r\n'), `\uFEFF${text}`, utf16]) {
      expect(importText(variant, options)).toEqual(expected);
    }
  });

  it.each(Object.entries(hostile))('hostile/%s is refused with its code and its place', (file, expected) => {
    const call = (): unknown => importText(readCorpus('hostile', file), options);
    if (expected === null) expect(call).not.toThrow();
    else expect(caught(call)).toMatchObject(expected);
  });

  it.each([
    ['cpuid-one-xeon-gold-6148.txt', 'xeon-gold-6148.json'],
    ['cpudata-ryzen-9-3900x.xml', 'ryzen-9-3900x-12-core.json'],
    ['cpudata-xeon-6788p-partial.xml', 'xeon-6788p.json'],
  ])('%s gives the hardware layer of data/snapshots/%s', (file, demo) => {
    const [snapshot] = importText(readCorpus(file), options).snapshots;
    expect(snapshot && hardwareOf(snapshot)).toEqual(hardwareOf(readDemoHost(demo)));
  });

  it.each(Object.keys(good).filter((file) => !file.startsWith('snapshot')))(
    '%s: what the format does not tell is unknown, with a reason',
    (file) => {
      const [snapshot] = importText(readCorpus(file), options).snapshots;
      expect(snapshot?.kernel).toMatchObject({
        unknown: { code: 'NOT_IN_IMPORT', remedy: expect.any(String) as string },
      });
      expect(snapshot?.collectedAt).toBe(options.collectedAt);
    },
  );
});
