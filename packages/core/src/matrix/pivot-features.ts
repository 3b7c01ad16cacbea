import type { Cube } from './cube.ts';
import { hostItems, type HostItem, type PivotItem } from './pivot-axes.ts';

/** Codes of `FeaturePivot.state`. */
export const supportStates = ['yes', 'no', 'unknown'] as const;
export type SupportState = (typeof supportStates)[number];

/** Which hosts' accelerator has which feature. Cell of feature f and column c: f * columns.length + c. */
export interface FeaturePivot {
  readonly features: readonly string[];
  readonly columns: readonly PivotItem[];
  /** Indexes into {@link supportStates}. A feature that the QEMU of a host does not know is a no there. */
  readonly state: Uint8Array;
  /** Hosts, one entry a feature. */
  readonly yes: Uint32Array;
  readonly no: Uint32Array;
  readonly unknown: Uint32Array;
}

export interface FeaturePivotRequest {
  /** Ids; absent: all hosts. */
  readonly hosts?: readonly string[] | undefined;
  /** Only features that some hosts have and others do not, for sure or perhaps. */
  readonly onlyDiffering?: boolean | undefined;
}

const [yes, no, unknown] = [0, 1, 2];

/** Tells the state of a feature by its name in one sheet; undefined: that QEMU does not know it. */
function indexFeatures({ sheets }: Cube): ReadonlyMap<string, number>[] {
  return sheets.map(({ features }) => new Map(features.map((name, at) => [name, at])));
}

function stateAt({ sheets }: Cube, feature: number | undefined, { sheet, column }: HostItem): number {
  if (sheet < 0) return unknown;
  if (feature === undefined) return no;
  const { supported, supportUnknown, features } = sheets[sheet];
  const byte = column * Math.ceil(features.length / 8) + (feature >> 3);
  const bit = 1 << (feature & 7);
  if ((supported[byte] & bit) !== 0) return yes;
  return (supportUnknown[byte] & bit) !== 0 ? unknown : no;
}

/** Feature × host: what the accelerator of each host supports. */
export function pivotFeatures(cube: Cube, { hosts, onlyDiffering = false }: FeaturePivotRequest): FeaturePivot {
  const columns = hostItems(cube, hosts);
  const positions = indexFeatures(cube);
  const names = [...new Set(cube.sheets.flatMap(({ features }) => features))];
  const rows = names.map((name) => ({
    name,
    states: columns.map((host) => stateAt(cube, positions[host.sheet]?.get(name), host)),
  }));
  const shown = onlyDiffering ? rows.filter(({ states }) => new Set(states).size > 1) : rows;
  const count = (state: number): Uint32Array =>
    Uint32Array.from(shown, ({ states }) =>
      states.reduce((sum, own, c) => (own === state ? sum + columns[c].members.length : sum), 0),
    );
  return {
    features: shown.map(({ name }) => name),
    columns,
    state: Uint8Array.from(shown.flatMap(({ states }) => states)),
    ...{ yes: count(yes), no: count(no), unknown: count(unknown) },
  };
}
