import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../zip/crc32.ts';

/** A file to put into an archive; what is given beyond name and text is written instead of the truth. */
export interface CraftedFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  readonly packedBytes?: number;
  readonly unpackedBytes?: number;
  /** Points into the file of that index instead of its own. */
  readonly sharesWith?: number;
}

/** An archive written byte by byte, so that it can lie. */
export function craftZip(
  files: readonly CraftedFile[],
  lies: { readonly count?: number; readonly comment?: string } = {},
): Uint8Array {
  const parts: Buffer[] = [];
  const offsets: number[] = [];
  let at = 0;
  const directory = files.map((file) => {
    const name = Buffer.from(file.name);
    const content = Buffer.from(file.content);
    const method = file.method ?? 8;
    const packed = method === 8 ? deflateRawSync(content) : content;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(file.flags ?? 0, 2);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(file.crc ?? crc32(content), 10);
    fields.writeUInt32LE(file.packedBytes ?? packed.length, 14);
    fields.writeUInt32LE(file.unpackedBytes ?? content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, name, packed]);
    const offset = file.sharesWith === undefined ? at : (offsets[file.sharesWith] ?? 0);
    offsets.push(offset);
    if (file.sharesWith === undefined) {
      parts.push(local);
      at += local.length;
    }
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    return Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, tail, name]);
  });
  const comment = Buffer.from(lies.comment ?? '');
  const end = Buffer.alloc(18);
  end.writeUInt16LE(lies.count ?? files.length, 4);
  end.writeUInt16LE(lies.count ?? files.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(at, 12);
  end.writeUInt16LE(comment.length, 16);
  return new Uint8Array(Buffer.concat([...parts, ...directory, Buffer.from('PK\x05\x06', 'latin1'), end, comment]));
}
