import { AtlasError } from '@cpu-atlas/core';
import { invalid, shown, unsafe, unsupported } from '../faults.ts';
import { importLimits, refuseAbove } from '../import-limits.ts';

/** A file of an archive, as its directory at the end describes it. */
export interface ArchiveEntry {
  readonly name: string;
  readonly method: 'stored' | 'deflated';
  readonly crc: number;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  /** Where its local header begins. */
  readonly headerOffset: number;
  /** Where its packed bytes begin. */
  readonly dataOffset: number;
}

/** Source: APPNOTE.TXT of PKWARE, 4.3.7 (local header), 4.3.12 (directory), 4.3.16 (end) */
const signatures = { local: 0x0403_4b50, directory: 0x0201_4b50, end: 0x0605_4b50 };
const sizes = { local: 30, directory: 46, end: 22, comment: 65_535 };
const methods: Readonly<Record<number, ArchiveEntry['method']>> = { 0: 'stored', 8: 'deflated' };
const encrypted = 1;
const inZip64 = 0xffff_ffff;

/**
 * The files of an archive, folders left out, checked before anything is unpacked: how many, how large, how far they are
 * packed, what they are called, and that no two share bytes.
 * @throws IMPORT_INVALID, IMPORT_UNSAFE, IMPORT_UNSUPPORTED (encryption, ZIP64, other methods), IMPORT_TOO_LARGE
 */
export function readDirectory(bytes: Uint8Array, source: string): readonly ArchiveEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { count, offset, end } = readEnd(view, source);
  refuseAbove(count, importLimits.zip.files, 'files', source);
  const entries: ArchiveEntry[] = [];
  let at = offset;
  for (let index = 0; index < count; index++) {
    if (at + sizes.directory > end || view.getUint32(at, true) !== signatures.directory) {
      throw invalid('the directory of the archive is damaged', `${source}: byte ${at}`);
    }
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const entry = readEntry(view, at, offset, source);
    if (!entry.name.endsWith('/')) entries.push(entry);
    at += sizes.directory + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
  }
  checkTotals(entries, source);
  return entries;
}

/** The end record, looked for from the end on, because a comment may follow it. */
function readEnd(
  view: DataView,
  source: string,
): { readonly count: number; readonly offset: number; readonly end: number } {
  const first = Math.max(0, view.byteLength - sizes.end - sizes.comment);
  for (let at = view.byteLength - sizes.end; at >= first; at--) {
    if (view.getUint32(at, true) !== signatures.end) continue;
    if (at + sizes.end + view.getUint16(at + 20, true) !== view.byteLength) continue;
    const [count, offset] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true)];
    if (count === 0xffff || offset === inZip64) throw zip64(source);
    if (offset > at) throw invalid('the directory of the archive is damaged', source);
    return { count, offset, end: at };
  }
  throw invalid('the archive has no directory at its end', source, 'it was cut short; send it again, whole');
}

function readEntry(view: DataView, at: number, directoryOffset: number, source: string): ArchiveEntry {
  const name = nameOf(view, at, source);
  const where = `${source}: ${name}`;
  const flags = view.getUint16(at + 8, true);
  const method = methods[view.getUint16(at + 10, true)];
  const [crc = 0, packedBytes = 0, unpackedBytes = 0] = [16, 20, 24].map((field) => view.getUint32(at + field, true));
  const headerOffset = view.getUint32(at + 42, true);
  if ((flags & encrypted) !== 0) throw unsupported('is encrypted', where, 'make the archive without a password');
  if (method === undefined)
    throw unsupported('is packed by a method other than deflate', where, 'make the archive with: zip');
  if (packedBytes === inZip64 || unpackedBytes === inZip64 || headerOffset === inZip64) throw zip64(where);
  if (headerOffset + sizes.local > directoryOffset || view.getUint32(headerOffset, true) !== signatures.local) {
    throw invalid('the directory of the archive leads to no file', where);
  }
  const dataOffset =
    headerOffset + sizes.local + view.getUint16(headerOffset + 26, true) + view.getUint16(headerOffset + 28, true);
  if (dataOffset + packedBytes > directoryOffset) throw invalid('reaches beyond the archive', where);
  const isEqualSize = method === 'deflated' || packedBytes === unpackedBytes;
  if (!isEqualSize) throw invalid('has two sizes', where);
  return { name, method, crc, packedBytes, unpackedBytes, headerOffset, dataOffset };
}

/** Nothing is ever written under these names; a name that tries to lead out of a folder is a sign of an attack. */
function nameOf(view: DataView, at: number, source: string): string {
  const length = view.getUint16(at + 28, true);
  const start = at + sizes.directory;
  if (start + length > view.byteLength)
    throw invalid('the directory of the archive is damaged', `${source}: byte ${at}`);
  if (length > importLimits.zip.nameLength) {
    throw new AtlasError('IMPORT_TOO_LARGE', 'a file name in the archive is too long', {
      where: `${source}: byte ${at}`,
      remedy: `use names of at most ${importLimits.zip.nameLength} bytes`,
    });
  }
  const name = new TextDecoder('utf-8').decode(new Uint8Array(view.buffer, view.byteOffset + start, length));
  const isHarmful =
    /^[/\\]|^[A-Za-z]:|\\/.test(name) || name.split('/').includes('..') || hasControl(name) || name === '';
  if (isHarmful) {
    throw unsafe(`the archive names a file ${shown(name)}`, source, 'use names relative to the archive, without ..');
  }
  return name;
}

function hasControl(name: string): boolean {
  return [...name].some((character) => character < ' ' || character === '\x7f');
}

function checkTotals(entries: readonly ArchiveEntry[], source: string): void {
  const { totalBytes, ratio, ratioFromBytes } = importLimits.zip;
  const total = entries.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0);
  refuseAbove(total, totalBytes, 'bytes when it is unpacked', source);
  for (const { name, packedBytes, unpackedBytes } of entries) {
    const where = `${source}: ${name}`;
    refuseAbove(unpackedBytes, importLimits.textBytes, 'bytes when it is unpacked', where);
    if (unpackedBytes > ratioFromBytes && unpackedBytes > packedBytes * ratio) {
      throw unsafe(`is packed more than ${ratio} times, like a ZIP bomb`, where, 'send the file by itself');
    }
  }
  const byOffset = [...entries].sort((a, b) => a.headerOffset - b.headerOffset);
  byOffset.forEach((entry, index) => {
    const next = byOffset[index + 1];
    if (next !== undefined && entry.dataOffset + entry.packedBytes > next.headerOffset) {
      throw unsafe(
        `shares bytes with ${shown(next.name)}, like a ZIP bomb`,
        `${source}: ${entry.name}`,
        'make the archive again',
      );
    }
  });
  const names = new Set(entries.map(({ name }) => name));
  if (names.size < entries.length) throw unsafe('two files have one name', source, 'make the archive again');
}

function zip64(where: string): AtlasError {
  return unsupported('is in the ZIP64 format', where, 'send smaller archives');
}
