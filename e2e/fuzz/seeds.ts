import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot } from '../oracle/oracle-files.ts';

const corpus = join(checkoutRoot, 'packages', 'importer', 'corpus');

/** The seed corpus of the imports: good texts and hostile ones, each below 100 KB. */
export function readImportSeeds(): readonly Buffer[] {
  return ['.', 'hostile']
    .flatMap((folder) => readdirSync(join(corpus, folder)).map((file) => join(corpus, folder, file)))
    .filter((path) => statSync(path).isFile() && statSync(path).size < 100_000)
    .map((path) => readFileSync(path));
}

/** One way to damage bytes. */
export interface Damage {
  readonly kind: 'cut' | 'drop' | 'repeat' | 'flip' | 'splice';
  /** From 0 to 1. */
  readonly at: number;
  readonly lengthBytes: number;
  readonly other: Uint8Array;
}

export function damaged(bytes: Uint8Array, { kind, at, lengthBytes, other }: Damage): Buffer {
  const start = Math.floor(at * bytes.length);
  const [before, part, after] = [
    bytes.subarray(0, start),
    bytes.subarray(start, start + lengthBytes),
    bytes.subarray(start + lengthBytes),
  ];
  switch (kind) {
    case 'cut':
      return Buffer.from(before);
    case 'drop':
      return Buffer.concat([before, after]);
    case 'repeat':
      return Buffer.concat([before, part, part, after]);
    case 'flip':
      return Buffer.from(bytes.map((byte, index) => (index === start ? byte ^ (1 << (lengthBytes % 8)) : byte)));
    case 'splice':
      return Buffer.concat([before, other.subarray(0, lengthBytes), after]);
  }
}
