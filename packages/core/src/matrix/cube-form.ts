import type { Cube, CubeSheet } from './cube.ts';

/** A cube as one document; docs/cube.md describes the bytes. */
export const cubeMediaType = 'application/vnd.cpu-atlas.cube';

export const schema = 'cpu-atlas/cube/1';
/** `CPUATLAS` in ASCII, then the length of the header. */
export const magic = [0x43, 0x50, 0x55, 0x41, 0x54, 0x4c, 0x41, 0x53];
export const preambleBytes = 16;
export const alignment = 8;

export type SectionType = 'u8' | 'u16' | 'i16' | 'i32';
export type SectionArray = Uint8Array | Uint16Array | Int16Array | Int32Array;

export const widths: Readonly<Record<SectionType, 1 | 2 | 4>> = { u8: 1, u16: 2, i16: 2, i32: 4 };

export interface Section {
  readonly name: string;
  readonly type: SectionType;
  readonly length: number;
}

export type SheetHeader = Pick<CubeSheet, 'qemu' | 'models' | 'machines' | 'features' | 'classCount' | 'columnCount'>;

export interface Header {
  readonly schema: typeof schema;
  readonly accel: Cube['accel'];
  readonly kernelIrqchip: Cube['kernelIrqchip'];
  readonly at: string | null;
  readonly sheets: readonly SheetHeader[];
  readonly fingerprints: readonly string[];
  readonly hosts: { readonly ids: readonly string[]; readonly names: readonly string[] };
  /** One after the other, each at the next multiple of 8. */
  readonly sections: readonly Section[];
}

export const aligned = (offset: number): number => Math.ceil(offset / alignment) * alignment;
