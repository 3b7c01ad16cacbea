import type { FeatureLocation, ResolveContext } from '@cpu-atlas/core';
import { resolveCell } from '../../packages/core/src/resolve/resolve.ts';
import { differingLists } from './compare.ts';
import { readOracle } from './oracle-files.ts';

type Entry = readonly [model: string, keys: number, bits: string, other: number];

interface ExpansionFile {
  readonly keys: readonly (readonly string[])[];
  readonly other: readonly Readonly<Record<string, unknown>>[];
  readonly entries: readonly Entry[];
  readonly cells: Readonly<Record<string, Readonly<Record<string, readonly [full: number, fixed: number]>>>>;
}

interface DefinitionFile {
  readonly defs: readonly {
    readonly typename: string;
    readonly 'unavailable-features': readonly string[];
    readonly 'alias-of'?: string;
  }[];
  readonly cells: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

interface FlagFile {
  readonly machine: string;
  readonly models: Readonly<
    Record<string, Readonly<Record<'on' | 'off', Readonly<Record<string, Readonly<Record<string, unknown>>>>>>>
  >;
}

type Accel = 'kvm' | 'tcg';

/** A comparison that was made: its name, and how Atlas differs. */
export interface Comparison {
  readonly label: string;
  readonly differences: readonly string[];
}

const isOn = (set: Uint32Array, { lane, mask, highMask }: FeatureLocation): boolean =>
  (set[lane] & mask) >>> 0 === mask && (highMask === 0 || (set[lane + 1] & highMask) >>> 0 === highMask);

/** What an expansion shows of a resolved cell: requested features by name, and the levels. */
function expansionOf(context: ResolveContext, accel: Accel, machine: string, cpu: string): Record<string, unknown> {
  const { words, resolution } = resolveCell(context, { accel, machine, cpu });
  const values: Record<string, unknown> = { ...resolution.properties };
  for (const [name, location] of context.index.features) values[name] = isOn(words.requested, location);
  return values;
}

/** Properties that an expansion, which realizes no CPU, does not settle. */
const unsettled = new Set(['phys-bits', 'guest-phys-bits', 'ucode-rev', 'type', 'host-phys-bits']);

function differing(mine: Readonly<Record<string, unknown>>, recorded: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(recorded)
    .filter(([name, value]) => name in mine && !unsettled.has(name) && mine[name] !== value)
    .map(([name, value]) => `${name}: Atlas ${JSON.stringify(mine[name])}, QEMU ${JSON.stringify(value)}`);
}

/** `max` and `host` under TCG get family, model and stepping only when a CPU is realized. */
const identityOfMax = ['family', 'model', 'stepping'];

function withoutIdentity(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !identityOfMax.includes(name)));
}

export function compareExpansions(context: ResolveContext, folder: string, accel: Accel): Comparison[] {
  const file = readOracle<ExpansionFile>('qemu', folder, 'expansion.json.gz');
  const locations = file.keys.map((keys) => keys.map((key) => context.index.features.get(key) ?? null));
  const compareFull = (machine: string, model: string, [, keys, bits, other]: Entry): string[] => {
    const { words, resolution } = resolveCell(context, { accel, machine, cpu: model });
    const differences: string[] = [];
    locations[keys].forEach((location, i) => {
      const recorded = ((Number.parseInt(bits[i >> 2], 16) >> (3 - (i & 3))) & 1) === 1;
      if (location !== null && isOn(words.requested, location) !== recorded)
        differences.push(`${location.name}: Atlas ${!recorded}, QEMU ${recorded}`);
    });
    const isOpen = accel === 'tcg' && (model === 'max' || model === 'host');
    const others = isOpen ? withoutIdentity(file.other[other]) : file.other[other];
    return [...differences, ...differing({ ...resolution.properties }, others)];
  };
  return Object.entries(file.cells)
    .filter(([machine]) => machine !== 'none' && context.index.machineByName.has(machine))
    .flatMap(([machine, cells]) =>
      Object.entries(cells).map(([model, [full]]) => ({
        label: `${machine} ${model}`,
        differences: compareFull(machine, model, file.entries[full]),
      })),
    );
}

export function compareDefinitions(context: ResolveContext, folder: string, accel: Accel): Comparison[] {
  const file = readOracle<DefinitionFile>('qemu', folder, 'definitions.json.gz');
  return Object.entries(file.cells)
    .filter(([machine]) => machine !== 'none' && context.index.machineByName.has(machine))
    .flatMap(([machine, cells]) =>
      Object.entries(cells).map(([model, row]) => {
        const label = `${machine} ${model}`;
        const definition = file.defs[row];
        // query-cpu-definitions gives `kvm` instead of features for `host` without KVM.
        if (model === 'host' && accel === 'tcg')
          return { label, differences: differingLists('unavailable', ['kvm'], definition['unavailable-features']) };
        const { resolution } = resolveCell(context, { accel, machine, cpu: model });
        const alias =
          resolution.aliasOf === definition['alias-of']
            ? []
            : [`alias: Atlas ${resolution.aliasOf}, QEMU ${definition['alias-of']}`];
        return {
          label,
          differences: [
            ...alias,
            ...differingLists('unavailable', resolution.unavailableFeatures, definition['unavailable-features']),
          ],
        };
      }),
    );
}

/** Every flag switched on, and off, on some models: what an expansion shows to change. */
export function compareFlags(context: ResolveContext, folder: string, accel: Accel): Comparison[] {
  const file = readOracle<FlagFile>('qemu', folder, 'flags.json.gz');
  const machine = file.machine.replace(/-machine$/, '');
  return Object.entries(file.models).flatMap(([model, changes]) => {
    const before = expansionOf(context, accel, machine, model);
    return (['on', 'off'] as const).flatMap((to) =>
      Object.entries(changes[to]).map(([flag, recorded]) => {
        const after = expansionOf(context, accel, machine, `${model},${flag}=${to}`);
        const all = { ...before, ...recorded };
        const expected = accel === 'tcg' && model === 'max' ? withoutIdentity(all) : all;
        return { label: `${model},${flag}=${to}`, differences: differing(after, expected) };
      }),
    );
  });
}
