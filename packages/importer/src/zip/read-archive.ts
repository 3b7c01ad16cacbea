import { AtlasError } from '@cpu-atlas/core';
import { Inflate } from 'fflate';
import { invalid } from '../faults.ts';
import { importLimits, refuseAbove } from '../import-limits.ts';
import { crc32 } from './crc32.ts';
import { readDirectory, type ArchiveEntry } from './read-directory.ts';

/** A file of an archive. It is unpacked when it is asked for, so that one is in memory at a time. */
export interface ArchiveFile {
  readonly name: string;
  /** @throws IMPORT_INVALID when the packed data is damaged or not of the size that the directory says */
  readonly unpack: () => Uint8Array;
}

/** Packed bytes that are given to the decompressor at once; they grow to at most 1,032 times as many. */
const stepBytes = 4096;

/** What file managers put into archives by themselves. */
const litter = /(?:^|\/)(?:__MACOSX\/|\.DS_Store$|Thumbs\.db$|desktop\.ini$)/;

export function isZip(bytes: Uint8Array): boolean {
  const [p, k, third, fourth] = bytes;
  return p === 0x50 && k === 0x4b && ((third === 3 && fourth === 4) || (third === 5 && fourth === 6));
}

/**
 * The files of a ZIP archive, in the order of its directory. Its directory is checked before anything is unpacked; a
 * file may not be larger than it says: unpacking stops there.
 * @throws IMPORT_INVALID, IMPORT_UNSAFE, IMPORT_UNSUPPORTED, IMPORT_TOO_LARGE
 */
export function readArchive(bytes: Uint8Array, source: string): readonly ArchiveFile[] {
  refuseAbove(bytes.length, importLimits.zip.archiveBytes, 'bytes', source);
  return readDirectory(bytes, source)
    .filter(({ name }) => !litter.test(name))
    .map((entry) => ({ name: entry.name, unpack: () => unpack(bytes, entry, `${source}: ${entry.name}`) }));
}

function unpack(archive: Uint8Array, entry: ArchiveEntry, where: string): Uint8Array {
  const packed = archive.subarray(entry.dataOffset, entry.dataOffset + entry.packedBytes);
  const unpacked = entry.method === 'stored' ? packed : inflate(packed, entry.unpackedBytes, where);
  if (crc32(unpacked) !== entry.crc) throw invalid('its checksum does not fit', where, 'send the archive again');
  return unpacked;
}

function inflate(packed: Uint8Array, unpackedBytes: number, where: string): Uint8Array {
  const unpacked = new Uint8Array(unpackedBytes);
  let filled = 0;
  const stream = new Inflate((chunk) => {
    if (filled + chunk.length > unpackedBytes) throw invalid('is larger than its archive says', where);
    unpacked.set(chunk, filled);
    filled += chunk.length;
  });
  try {
    for (let at = 0; at < packed.length || at === 0; at += stepBytes) {
      stream.push(packed.subarray(at, at + stepBytes), at + stepBytes >= packed.length);
    }
  } catch (cause) {
    if (cause instanceof AtlasError) throw cause;
    throw invalid('its packed data is damaged', where, 'send the archive again');
  }
  if (filled !== unpackedBytes) throw invalid('is smaller than its archive says', where);
  return unpacked;
}
