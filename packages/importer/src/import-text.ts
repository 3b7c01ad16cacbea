import { AtlasError } from '@cpu-atlas/core';
import { readCpuidDump } from './cpuid/read-cpuid-dump.ts';
import { decodeText } from './decode-text.ts';
import { detectFormat } from './detect-format.ts';
import { readProcCpuinfo } from './flags/read-proc-cpuinfo.ts';
import type { ImportOptions, ImportRefusal, ImportResult, TextFormat, TextReader } from './import-types.ts';
import { readQmp } from './qmp/read-qmp.ts';
import { readSnapshots } from './read-snapshots.ts';
import { readLibvirtCpudata } from './xml/read-libvirt-cpudata.ts';
import { readVirshCapabilities } from './xml/read-virsh-capabilities.ts';
import { readVirshDomcapabilities } from './xml/read-virsh-domcapabilities.ts';
import { isZip, readArchive, type ArchiveFile } from './zip/read-archive.ts';

const readers = {
  'cpuid-raw': readCpuidDump,
  'proc-cpuinfo': readProcCpuinfo,
  'virsh-capabilities': readVirshCapabilities,
  'virsh-domcapabilities': readVirshDomcapabilities,
  'libvirt-cpudata': readLibvirtCpudata,
  qmp: readQmp,
  snapshot: readSnapshots,
} as const satisfies Record<TextFormat, TextReader>;

/**
 * What an operator pastes or uploads, as host snapshots. The format is detected from the content. What a format does not
 * tell is unknown in the snapshot; what was assumed or left out is in the notes. Pure, and linear in the input.
 *
 * A file of an archive that cannot be imported does not hide the others: it is listed as refused.
 * @throws IMPORT_FORMAT_UNKNOWN, IMPORT_UNSUPPORTED, IMPORT_INVALID, IMPORT_AMBIGUOUS, IMPORT_TOO_LARGE, IMPORT_UNSAFE,
 * SNAPSHOT_INVALID, FILE_TOO_LARGE – and nothing else
 */
export function importText(input: string | Uint8Array, options: ImportOptions): ImportResult {
  if (typeof input !== 'string' && isZip(input)) return importArchive(input, options);
  return importOne(input, options);
}

function importOne(input: string | Uint8Array, options: ImportOptions): ImportResult {
  const text = decodeText(input, options.source);
  const format = detectFormat(text, options.source);
  return { format, ...readers[format](text, options), refused: [] };
}

function importArchive(bytes: Uint8Array, options: ImportOptions): ImportResult {
  const results = readArchive(bytes, options.source).map((file) => importFile(file, options));
  const snapshots = results.flatMap((result) => result.snapshots);
  const refused = results.flatMap((result) => result.refused);
  if (snapshots.length === 0) {
    const [first] = refused;
    throw new AtlasError(first?.code ?? 'IMPORT_FORMAT_UNKNOWN', first?.message ?? 'the archive has no files in it', {
      where: first?.where ?? options.source,
      remedy: first?.remedy ?? 'put the outputs of the hosts into it',
    });
  }
  return { format: 'zip', snapshots, notes: results.flatMap((result) => result.notes), refused };
}

type FileResult = Pick<ImportResult, 'snapshots' | 'notes' | 'refused'>;

function importFile({ name, unpack }: ArchiveFile, options: ImportOptions): FileResult {
  const source = `${options.source}: ${name}`;
  try {
    const bytes = unpack();
    if (isZip(bytes))
      throw new AtlasError('IMPORT_UNSAFE', 'is a ZIP inside a ZIP', { where: source, remedy: 'unpack it first' });
    const result = importOne(bytes, { ...options, source, hostName: hostNameOf(name, options.hostName) });
    return { ...result, notes: result.notes.map((note) => `${name}: ${note}`) };
  } catch (error) {
    if (!(error instanceof AtlasError)) throw error;
    return { snapshots: [], notes: [], refused: [refusalOf(error, source)] };
  }
}

/** `rack1/node-a.txt` is of the host rack1/node-a. */
function hostNameOf(fileName: string, prefix: string | undefined): string {
  const name = fileName.replace(/\.[A-Za-z0-9]{1,8}$/, '');
  return prefix === undefined ? name : `${prefix}/${name}`;
}

function refusalOf({ code, message, where, remedy }: AtlasError, source: string): ImportRefusal {
  return { where: where ?? source, code, message, remedy };
}
