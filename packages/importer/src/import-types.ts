import { importFormats, type ImportFormat } from '@cpu-atlas/contract';
import type { Accelerator, AtlasErrorCode, HostSnapshot } from '@cpu-atlas/core';

export { importFormats, type ImportFormat };

/** A format that is text: everything but an archive. */
export type TextFormat = Exclude<ImportFormat, 'zip'>;

/** What the text itself does not tell. */
export interface ImportOptions {
  /** File name or request part: goes before every place that a fault names. */
  readonly source: string;
  /** RFC 3339, UTC. No format but a snapshot tells when it was made, so this is the time of the import. */
  readonly collectedAt: string;
  /** Name of the host; without one the name of its file in an archive, else what the text says of the CPU. */
  readonly hostName?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Version of the QEMU that was asked, for answers that do not tell it (`virsh domcapabilities`, single replies). */
  readonly qemuVersion?: string | undefined;
  /** Accelerator of the QEMU that was asked, for answers that do not tell it. What the text tells wins. */
  readonly accelerator?: Accelerator | undefined;
}

/** A file of an archive that could not be imported. The host it may tell of is not known, and must not be forgotten. */
export interface ImportRefusal {
  readonly where: string;
  readonly code: AtlasErrorCode;
  readonly message: string;
  readonly remedy: string | undefined;
}

export interface ImportResult {
  readonly format: ImportFormat;
  /** At least one. */
  readonly snapshots: readonly HostSnapshot[];
  /** What a reader must know: what was assumed, left out, or is not told. Whole sentences without a full stop. */
  readonly notes: readonly string[];
  /** Files of an archive that gave nothing; empty for text. */
  readonly refused: readonly ImportRefusal[];
}

/** What a reader of one format makes of a text. */
export type Reading = Pick<ImportResult, 'snapshots' | 'notes'>;
export type TextReader = (text: string, options: ImportOptions) => Reading;
