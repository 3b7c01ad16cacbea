import type { HostMatrix } from '@cpu-atlas/core';

/**
 * A small matrix for tests, written as a picture: one line a model, one word a column. `r` runs, `f3` three filtered of
 * ten, `x` refused, `?` unknown, `-` not offered; `=Name` behind a word: an alias there; `:20` asks for 20 features. Not for the product.
 */
export function drawMatrix(
  columns: readonly (readonly string[])[],
  lines: readonly (readonly [name: string, family: string, cells: string])[],
): HostMatrix {
  const names = lines.map(([name]) => name);
  const cells = lines.flatMap(([, , words]) => words.split(' '));
  const statusOf = (word: string) => 'rfx?-'.indexOf(word.charAt(0));
  const requested = cells.map((word) => Number(word.split(':')[1] ?? 10));
  const filtered = cells.map((word) => (word.startsWith('f') ? Number.parseInt(word.slice(1), 10) : 0));
  return {
    accel: 'kvm',
    kernelIrqchip: null,
    models: lines.map(([name, family]) => ({
      name,
      family,
      vendor: family.split(' ')[0] ?? '',
      deprecated: name.endsWith('-old'),
    })),
    columns: columns.map((machines) => ({ machines, aliases: [], deprecated: false })),
    status: Uint8Array.from(cells, statusOf),
    filteredCount: Uint16Array.from(filtered),
    enabledCount: Uint16Array.from(filtered, (count, at) => (requested[at] ?? 0) - count),
    requestedCount: Uint16Array.from(requested),
    aliasOf: Int16Array.from(cells, (word) => names.indexOf(word.split('=')[1] ?? '')),
  };
}
