import type { FleetChangeBody, HostSummary } from '@cpu-atlas/contract';
import type { HostSnapshot } from '@cpu-atlas/core';
import type { ViewState } from '../../navigation/route.ts';

/** Changes that one request may hold. */
export const mostChanges = 1_000;

type Toggles = Pick<ViewState<'pools'>, 'out' | 'toCatalog' | 'toIrqchip' | 'toMachine'>;

/** A pasted snapshot, or why it is none. */
export type PastedSnapshot =
  | { readonly kind: 'none' }
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'snapshot'; readonly snapshot: HostSnapshot };

/** Reads only as much as tells which host it is; the backend checks it whole. */
export function readPasted(text: string): PastedSnapshot {
  if (text.trim() === '') return { kind: 'none' };
  try {
    const value: unknown = JSON.parse(text);
    if (isSnapshot(value)) return { kind: 'snapshot', snapshot: value };
    return { kind: 'damaged', reason: 'this is JSON, but no host snapshot: cpu-atlas probe --out FILE writes one' };
  } catch (error) {
    return { kind: 'damaged', reason: error instanceof Error ? error.message : 'this is no JSON' };
  }
}

function isSnapshot(value: unknown): value is HostSnapshot {
  if (typeof value !== 'object' || value === null || !('schema' in value) || !('host' in value)) return false;
  const { schema, host } = value;
  return (
    typeof schema === 'string' &&
    schema.startsWith('cpu-atlas/host-snapshot/') &&
    typeof host === 'object' &&
    host !== null &&
    'id' in host &&
    'name' in host
  );
}

/** The toggles as changes, in the order in which they are made. */
export function writeChanges(
  { out, toCatalog, toIrqchip, toMachine }: Toggles,
  hosts: readonly HostSummary[],
  pasted: PastedSnapshot,
): readonly FleetChangeBody[] {
  const left = new Set(out);
  const staying = hosts.filter(({ id }) => !left.has(id));
  const snapshot = pasted.kind === 'snapshot' ? pasted.snapshot : null;
  const catalog = toCatalog === '' ? {} : { catalog: toCatalog };
  const isKnown = staying.some(({ id }) => id === snapshot?.host.id);
  const replaced = staying.flatMap(({ id }): readonly FleetChangeBody[] =>
    id === snapshot?.host.id
      ? [{ kind: 'replace', host: id, snapshot, ...catalog }]
      : toCatalog === ''
        ? []
        : [{ kind: 'replace', host: id, ...catalog }],
  );
  return [
    ...hosts.filter(({ id }) => left.has(id)).map(({ id }): FleetChangeBody => ({ kind: 'remove', host: id })),
    ...replaced,
    ...(snapshot === null || isKnown ? [] : [{ kind: 'add', snapshot, ...catalog } as const]),
    ...(toIrqchip === '' && toMachine === ''
      ? []
      : [
          {
            kind: 'configure',
            ...(toMachine === '' ? {} : { machine: toMachine }),
            ...(toIrqchip === '' ? {} : { kernelIrqchip: toIrqchip }),
          } as const,
        ]),
  ];
}
