import { AtlasError } from '../errors.ts';
import type { CubeColumn } from './cube-column.ts';

/** Sizes of the parts of a column, which its catalog decides. */
export interface ColumnShape {
  readonly classCount: number;
  readonly featureCount: number;
}

/** A column as bytes that can be kept: status, filtered counts (little endian), supported and unknown features. */
export function encodeColumn({ status, filteredCount, supported, supportUnknown }: CubeColumn): Uint8Array {
  const bytes = new Uint8Array(status.length * 3 + supported.length * 2);
  bytes.set(status, 0);
  filteredCount.forEach((count, i) => {
    bytes[status.length + i * 2] = count & 0xff;
    bytes[status.length + i * 2 + 1] = count >> 8;
  });
  bytes.set(supported, status.length * 3);
  bytes.set(supportUnknown, status.length * 3 + supported.length);
  return bytes;
}

/** The inverse of {@link encodeColumn}. @throws CUBE_INVALID when the length does not fit the shape */
export function decodeColumn(bytes: Uint8Array, { classCount, featureCount }: ColumnShape): CubeColumn {
  const featureBytes = Math.ceil(featureCount / 8);
  if (bytes.length !== classCount * 3 + featureBytes * 2)
    throw new AtlasError(
      'CUBE_INVALID',
      `a column has ${classCount * 3 + featureBytes * 2} bytes, not ${bytes.length}`,
    );
  const filteredCount = new Uint16Array(classCount);
  for (let i = 0; i < classCount; i++)
    filteredCount[i] = bytes[classCount + i * 2] | (bytes[classCount + i * 2 + 1] << 8);
  return {
    status: bytes.slice(0, classCount),
    filteredCount,
    supported: bytes.slice(classCount * 3, classCount * 3 + featureBytes),
    supportUnknown: bytes.slice(classCount * 3 + featureBytes),
  };
}
