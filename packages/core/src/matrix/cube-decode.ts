import { AtlasError } from '../errors.ts';
import { notOfferedClass, type Cube, type CubeSheet, type SheetQemu } from './cube.ts';
import {
  aligned,
  magic,
  preambleBytes,
  schema,
  widths,
  type Header,
  type Section,
  type SectionArray,
  type SectionType,
  type SheetHeader,
} from './cube-form.ts';
import { cellStatus } from './outcome-table.ts';

const damaged = (what: string): AtlasError =>
  new AtlasError('CUBE_INVALID', what, { remedy: 'fetch it again: GET /api/v1/cube' });

/**
 * Reads a cube. The bytes may come from anywhere: whatever an index of it points at is there.
 * @throws CUBE_INVALID
 */
export function decodeCube(bytes: Uint8Array): Cube {
  const { header, bodyOffset } = readHeader(bytes);
  const arrays = readSections(bytes, bodyOffset, header.sections);
  const array = <T extends SectionArray>(name: string, isType: (found: SectionArray) => found is T): T => {
    const found = arrays.get(name);
    if (found === undefined || !isType(found)) throw damaged(`section ${name} is missing or of another type`);
    return found;
  };
  const sheets = header.sheets.map(({ qemu, models, machines, features, classCount, columnCount }, i): CubeSheet => ({
    ...{ qemu, models, machines, features, classCount, columnCount },
    classOf: array(`sheets[${i}].classOf`, isUint16),
    aliasOf: array(`sheets[${i}].aliasOf`, isInt16),
    status: array(`sheets[${i}].status`, isUint8),
    filteredCount: array(`sheets[${i}].filteredCount`, isUint16),
    supported: array(`sheets[${i}].supported`, isUint8),
    supportUnknown: array(`sheets[${i}].supportUnknown`, isUint8),
  }));
  const { accel, kernelIrqchip, at, fingerprints } = header;
  const cube: Cube = {
    ...{ accel, kernelIrqchip, at, sheets, fingerprints },
    sheetOf: array('sheetOf', isInt16),
    columnOf: array('columnOf', isUint16),
    hosts: {
      ids: header.hosts.ids,
      names: header.hosts.names,
      fingerprintOf: array('hosts.fingerprintOf', isInt32),
      freshness: array('hosts.freshness', isUint8),
    },
  };
  checkCube(cube);
  return cube;
}

const isUint8 = (array: SectionArray): array is Uint8Array => array instanceof Uint8Array;
const isUint16 = (array: SectionArray): array is Uint16Array => array instanceof Uint16Array;
const isInt16 = (array: SectionArray): array is Int16Array => array instanceof Int16Array;
const isInt32 = (array: SectionArray): array is Int32Array => array instanceof Int32Array;

function readHeader(bytes: Uint8Array): { readonly header: Header; readonly bodyOffset: number } {
  if (bytes.length < preambleBytes || magic.some((byte, i) => bytes[i] !== byte)) throw damaged('this is no cube');
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(magic.length, true);
  if (preambleBytes + length > bytes.length) throw damaged('the header is cut short');
  let text = '';
  for (let i = preambleBytes; i < preambleBytes + length; i += textChunk)
    text += String.fromCharCode(...bytes.subarray(i, Math.min(i + textChunk, preambleBytes + length)));
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw new AtlasError('CUBE_INVALID', 'the header is not JSON', { cause });
  }
  if (!isHeader(header)) throw damaged(`the header is not of the form ${schema}`);
  return { header, bodyOffset: aligned(preambleBytes + length) };
}

/** Characters that are put together in one call. */
const textChunk = 8192;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((text) => typeof text === 'string');

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function isQemu(value: unknown): value is SheetQemu {
  return (
    isRecord(value) &&
    isTexts([value.version, value.package, value.catalog]) &&
    (value.runsAs === null || typeof value.runsAs === 'string')
  );
}

function isSheetHeader(value: unknown): value is SheetHeader {
  if (!isRecord(value) || !isQemu(value.qemu)) return false;
  const { models, machines, features, classCount, columnCount } = value;
  const isModel = (model: unknown): boolean =>
    isRecord(model) && isTexts([model.name, model.family, model.vendor]) && isCount(model.asks);
  const isMachine = (machine: unknown): boolean =>
    isRecord(machine) && isTexts(machine.machines) && isTexts(machine.aliases);
  const hasLists =
    Array.isArray(models) && models.every(isModel) && Array.isArray(machines) && machines.every(isMachine);
  return hasLists && isTexts(features) && isCount(classCount) && isCount(columnCount);
}

function isSection(value: unknown): value is Section {
  return (
    isRecord(value) &&
    typeof value.name === 'string' &&
    isCount(value.length) &&
    Object.hasOwn(widths, String(value.type))
  );
}

function isHeader(value: unknown): value is Header {
  if (!isRecord(value) || value.schema !== schema || !isRecord(value.hosts)) return false;
  const isKnownAccel = value.accel === 'kvm' || value.accel === 'tcg';
  const isKnownIrqchip = value.kernelIrqchip === null || ['on', 'split', 'off'].includes(String(value.kernelIrqchip));
  const isTime = value.at === null || typeof value.at === 'string';
  const hasSheets = Array.isArray(value.sheets) && value.sheets.every(isSheetHeader);
  const hasSections = Array.isArray(value.sections) && value.sections.every(isSection);
  const hasHosts = isTexts(value.hosts.ids) && isTexts(value.hosts.names) && isTexts(value.fingerprints);
  return isKnownAccel && isKnownIrqchip && isTime && hasSheets && hasSections && hasHosts;
}

function readSections(
  bytes: Uint8Array,
  bodyOffset: number,
  sections: readonly Section[],
): ReadonlyMap<string, SectionArray> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const arrays = new Map<string, SectionArray>();
  let offset = bodyOffset;
  for (const { name, type, length } of sections) {
    if (offset + length * widths[type] > bytes.length) throw damaged(`section ${name} is cut short`);
    arrays.set(name, readArray(view, offset, type, length));
    offset = aligned(offset + length * widths[type]);
  }
  return arrays;
}

function readArray(view: DataView, offset: number, type: SectionType, length: number): SectionArray {
  switch (type) {
    case 'u8':
      return new Uint8Array(view.buffer, view.byteOffset + offset, length).slice();
    case 'u16':
      return Uint16Array.from({ length }, (_, i) => view.getUint16(offset + i * 2, true));
    case 'i16':
      return Int16Array.from({ length }, (_, i) => view.getInt16(offset + i * 2, true));
    case 'i32':
      return Int32Array.from({ length }, (_, i) => view.getInt32(offset + i * 4, true));
  }
}

/** Every index stays within what it points into, so that nothing later reads past an end. */
function checkCube(cube: Cube): void {
  cube.sheets.forEach((sheet, i) => {
    if (!fits(sheet)) throw damaged(`sheet ${i} contradicts itself`);
  });
  const { fingerprints, sheetOf, columnOf, hosts } = cube;
  const isWhole =
    sheetOf.length === fingerprints.length &&
    columnOf.length === fingerprints.length &&
    hosts.names.length === hosts.ids.length &&
    hosts.fingerprintOf.length === hosts.ids.length &&
    hosts.freshness.length === hosts.ids.length;
  if (!isWhole) throw damaged('hosts or fingerprints are cut short');
  const pointsAtColumn = (sheet: number, i: number): boolean =>
    sheet === -1 || (sheet >= 0 && sheet < cube.sheets.length && columnOf[i] < cube.sheets[sheet].columnCount);
  if (!sheetOf.every(pointsAtColumn)) throw damaged('a fingerprint points at a column that is not there');
  if (!hosts.fingerprintOf.every((fingerprint) => fingerprint >= -1 && fingerprint < fingerprints.length))
    throw damaged('a host points at a fingerprint that is not there');
}

function fits(sheet: CubeSheet): boolean {
  const { models, machines, features, classCount, columnCount, classOf, aliasOf, status } = sheet;
  const cells = models.length * machines.length;
  const bytes = Math.ceil(features.length / 8) * columnCount;
  const sizes =
    classOf.length === cells &&
    aliasOf.length === cells &&
    status.length === classCount * columnCount &&
    sheet.filteredCount.length === status.length &&
    sheet.supported.length === bytes &&
    sheet.supportUnknown.length === bytes;
  return (
    sizes &&
    classOf.every((number) => number < classCount || number === notOfferedClass) &&
    aliasOf.every((model) => model >= -1 && model < models.length) &&
    status.every((code) => code < cellStatus.length)
  );
}
