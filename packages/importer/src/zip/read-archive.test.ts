import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { importLimits } from '../import-limits.ts';
import { importText } from '../import-text.ts';
import { caught } from '../testing/caught.ts';
import { craftZip } from '../testing/craft-zip.ts';
import { options, readCorpus } from '../testing/seed-corpus.ts';
import { readArchive } from './read-archive.ts';

const dump = readCorpus('cpuid-one-xeon-gold-6148.txt');
const session = readCorpus('qmp-session-qemu-4.2-xeon-e3-1245-v5.replies');
const zeros = new Uint8Array(2 * 1024 * 1024);

describe('a ZIP of hosts', () => {
  it('gives each file a host of its name, whatever its format, and passes over folders and litter', () => {
    const archive = zipSync({
      rack1: { 'node-a.txt': dump, 'node-b.replies': session },
      'notes/.DS_Store': new Uint8Array(4),
      '__MACOSX/rack1/._node-a.txt': new Uint8Array(4),
    });
    const result = importText(archive, options);
    expect(result.format).toBe('zip');
    expect(result.snapshots.map(({ host }) => host)).toEqual([
      { id: 'import:rack1/node-a', name: 'rack1/node-a' },
      { id: 'import:rack1/node-b', name: 'rack1/node-b' },
    ]);
    expect(result.refused).toEqual([]);
    expect(result.notes[0]).toMatch(/^rack1\/node-a\.txt: /);
  });

  it('lists a file that cannot be imported, and imports the others', () => {
    const result = importText(zipSync({ 'a.txt': dump, 'README.txt': Buffer.from('hello') }), options);
    expect(result.snapshots).toHaveLength(1);
    expect(result.refused).toMatchObject([{ where: 'paste: README.txt', code: 'IMPORT_FORMAT_UNKNOWN' }]);
  });

  it('lists a damaged file, too', () => {
    const archive = craftZip([
      { name: 'a.txt', content: dump },
      { name: 'b.txt', content: dump, crc: 1 },
    ]);
    const result = importText(archive, options);
    expect(result.snapshots).toHaveLength(1);
    expect(result.refused).toMatchObject([{ where: 'paste: b.txt', code: 'IMPORT_INVALID' }]);
  });

  it('is refused when no file in it can be imported', () => {
    const fault = caught(() => importText(zipSync({ 'README.txt': Buffer.from('hello') }), options));
    expect(fault).toMatchObject({ code: 'IMPORT_FORMAT_UNKNOWN', where: 'paste: README.txt' });
    expect(caught(() => importText(zipSync({}), options)).code).toBe('IMPORT_FORMAT_UNKNOWN');
  });

  it('is not opened inside another', () => {
    const result = importText(zipSync({ 'a.txt': dump, 'b.zip': zipSync({ 'c.txt': dump }) }), options);
    expect(result.refused).toMatchObject([{ where: 'paste: b.zip', code: 'IMPORT_UNSAFE' }]);
  });

  it('may be stored, and may have a comment', () => {
    const archive = craftZip([{ name: 'a.txt', content: dump, method: 0 }], { comment: 'from PK\x05\x06 rack 1' });
    expect(importText(archive, options).snapshots).toHaveLength(1);
  });
});

function unpackAll(archive: Uint8Array): void {
  for (const { unpack } of readArchive(archive, 'a.zip')) unpack();
}

describe('a hostile ZIP', () => {
  const file = { name: 'a.txt', content: 'text' };
  const cases: readonly { readonly what: string; readonly code: string; readonly archive: () => Uint8Array }[] = [
    ...['../a', 'a/../../b', '/etc/passwd', 'C:\\a', 'a\\b', '\\\\host\\a', 'a\nb', 'nul\0', ''].map((name) => ({
      what: `the file name ${JSON.stringify(name)}`,
      code: 'IMPORT_UNSAFE',
      archive: () => craftZip([{ ...file, name }]),
    })),
    {
      what: 'a name without end',
      code: 'IMPORT_TOO_LARGE',
      archive: () => craftZip([{ ...file, name: 'a'.repeat(5000) }]),
    },
    { what: 'two files of one name', code: 'IMPORT_UNSAFE', archive: () => craftZip([file, file]) },
    {
      what: 'two files that share bytes',
      code: 'IMPORT_UNSAFE',
      archive: () => craftZip([file, { ...file, name: 'b', sharesWith: 0 }]),
    },
    {
      what: 'a file packed 1,000 times',
      code: 'IMPORT_UNSAFE',
      archive: () => craftZip([{ name: 'a', content: zeros }]),
    },
    {
      what: 'files of 100 MB in all',
      code: 'IMPORT_TOO_LARGE',
      archive: () =>
        craftZip(Array.from({ length: 100 }, (_, i) => ({ ...file, name: `${i}`, unpackedBytes: 1_000_000 }))),
    },
    {
      what: 'one file of 100 MB',
      code: 'IMPORT_TOO_LARGE',
      archive: () => craftZip([{ ...file, unpackedBytes: 100_000_000 }]),
    },
    {
      what: 'too many files',
      code: 'IMPORT_TOO_LARGE',
      archive: () =>
        craftZip(Array.from({ length: importLimits.zip.files + 1 }, (_, i) => ({ ...file, name: `${i}` }))),
    },
    { what: 'more files than it says', code: 'IMPORT_INVALID', archive: () => craftZip([file], { count: 2 }) },
    {
      what: 'a file larger than it says',
      code: 'IMPORT_INVALID',
      archive: () => craftZip([{ name: 'a', content: zeros, unpackedBytes: 1000 }]),
    },
    {
      what: 'a file smaller than it says',
      code: 'IMPORT_INVALID',
      archive: () => craftZip([{ ...file, unpackedBytes: 1000 }]),
    },
    { what: 'a wrong checksum', code: 'IMPORT_INVALID', archive: () => craftZip([{ ...file, crc: 1 }]) },
    { what: 'packed data that is noise', code: 'IMPORT_INVALID', archive: () => noise() },
    {
      what: 'a file beyond the archive',
      code: 'IMPORT_INVALID',
      archive: () => craftZip([{ ...file, packedBytes: 5_000 }]),
    },
    { what: 'a password', code: 'IMPORT_UNSUPPORTED', archive: () => craftZip([{ ...file, flags: 1 }]) },
    { what: 'another method', code: 'IMPORT_UNSUPPORTED', archive: () => craftZip([{ ...file, method: 93 }]) },
    { what: 'ZIP64', code: 'IMPORT_UNSUPPORTED', archive: () => craftZip([{ ...file, unpackedBytes: 0xffff_ffff }]) },
    { what: 'no end', code: 'IMPORT_INVALID', archive: () => zipSync({ 'a.txt': dump }).subarray(0, -30) },
  ];

  function noise(): Uint8Array {
    const archive = craftZip([{ name: 'a', content: 'x'.repeat(500) }]);
    archive.fill(0xff, 31, 36);
    return archive;
  }

  it.each(cases)('with $what is refused as $code', ({ code, archive }) => {
    expect(caught(() => unpackAll(archive()))).toMatchObject({
      code,
      where: expect.stringMatching(/^a\.zip/) as string,
    });
  });

  it('is unpacked no further than its directory says', () => {
    const bomb = craftZip([{ name: 'a', content: new Uint8Array(64 * 1024 * 1024), unpackedBytes: 1000 }]);
    const startMs = performance.now();
    expect(caught(() => unpackAll(bomb)).code).toBe('IMPORT_INVALID');
    expect(performance.now() - startMs).toBeLessThan(1000);
  });
});
