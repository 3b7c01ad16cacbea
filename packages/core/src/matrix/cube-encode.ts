import type { Cube } from './cube.ts';
import {
  aligned,
  magic,
  preambleBytes,
  schema,
  widths,
  type Header,
  type SectionArray,
  type SectionType,
} from './cube-form.ts';

const typeOf = (array: SectionArray): SectionType =>
  array instanceof Uint8Array
    ? 'u8'
    : array instanceof Uint16Array
      ? 'u16'
      : array instanceof Int16Array
        ? 'i16'
        : 'i32';

const sheetArrays = ['classOf', 'aliasOf', 'status', 'filteredCount', 'supported', 'supportUnknown'] as const;

function arraysOf(cube: Cube): readonly (readonly [name: string, array: SectionArray])[] {
  return [
    ...cube.sheets.flatMap((sheet, i) => sheetArrays.map((name) => [`sheets[${i}].${name}`, sheet[name]] as const)),
    ['sheetOf', cube.sheetOf],
    ['columnOf', cube.columnOf],
    ['hosts.fingerprintOf', cube.hosts.fingerprintOf],
    ['hosts.freshness', cube.hosts.freshness],
  ];
}

/** JSON in ASCII: any other character as an escape, so that a character is a byte. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Equal cubes give equal bytes. */
export function encodeCube(cube: Cube): Uint8Array {
  const arrays = arraysOf(cube);
  const header: Header = {
    schema,
    accel: cube.accel,
    kernelIrqchip: cube.kernelIrqchip,
    at: cube.at,
    sheets: cube.sheets.map(({ qemu, models, machines, features, classCount, columnCount }) => ({
      ...{ qemu, models, machines, features, classCount, columnCount },
    })),
    fingerprints: cube.fingerprints,
    hosts: { ids: cube.hosts.ids, names: cube.hosts.names },
    sections: arrays.map(([name, array]) => ({ name, type: typeOf(array), length: array.length })),
  };
  const text = asciiJson(header);
  let offset = aligned(preambleBytes + text.length);
  const places = arrays.map(([, array]) => {
    const place = offset;
    offset = aligned(offset + array.length * widths[typeOf(array)]);
    return place;
  });
  const bytes = new Uint8Array(offset);
  bytes.set(magic);
  new DataView(bytes.buffer).setUint32(magic.length, text.length, true);
  for (let i = 0; i < text.length; i++) bytes[preambleBytes + i] = text.charCodeAt(i);
  arrays.forEach(([, array], i) => writeArray(bytes, places[i], array));
  return bytes;
}

/** Byte by byte: the document is little endian on every machine. */
function writeArray(bytes: Uint8Array, offset: number, array: SectionArray): void {
  if (array instanceof Uint8Array) {
    bytes.set(array, offset);
    return;
  }
  const width = widths[typeOf(array)];
  for (let i = 0; i < array.length; i++)
    for (let byte = 0; byte < width; byte++) bytes[offset + i * width + byte] = (array[i] >> (8 * byte)) & 0xff;
}
