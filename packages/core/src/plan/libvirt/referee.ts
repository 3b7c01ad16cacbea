import type { AcceleratorIndex, CatalogIndex } from '../../catalog/catalog-index.ts';
import { compareNames, newestFirst } from '../../matrix/model-families.ts';
import { kindOf } from '../../resolve/locate-cell.ts';
import type { Accelerator } from '../../resolve/resolution.ts';
import { parseWordKey, wordKeyOf } from '../../x86/word-layout.ts';
import { withoutDormant } from '../model-definitions.ts';
import { bitKeys, definitionOf, nameBit, type NamedBit } from '../stability.ts';
import type { LibvirtMapIndex } from './cpu-map.ts';

/** Bits in which the two disagree about a model, and where. */
export interface Disagreement {
  readonly model: string;
  /** Newest first. */
  readonly machines: readonly string[];
  /** libvirt believes that the model has them; QEMU does not give them. */
  readonly onlyLibvirt: readonly NamedBit[];
  /** QEMU gives them, and libvirt's map, which names them, does not know that the model has them. */
  readonly onlyQemu: readonly NamedBit[];
}

/** What libvirt's map says of the models of one QEMU, held against what that QEMU defines. */
export interface Referee {
  readonly release: string;
  /** Models and machine types on which both agree to the bit. */
  readonly agreeing: readonly { readonly model: string; readonly machines: readonly string[] }[];
  readonly disagreements: readonly Disagreement[];
  /** How many models each bit sets them apart in, most first. */
  readonly bits: readonly DisputedBit[];
  /** What every model gets from the accelerator although no model of the map has it; left out above. */
  readonly everywhere: readonly NamedBit[];
  /** Models that only one of them has. */
  readonly unknownToQemu: readonly string[];
  readonly unknownToLibvirt: readonly string[];
}

/** A bit that libvirt or QEMU alone gives to some models. */
export interface DisputedBit extends NamedBit {
  readonly side: 'libvirt' | 'qemu';
  readonly models: number;
}

interface Judged {
  readonly model: string;
  readonly machine: string;
  readonly onlyLibvirt: readonly string[];
  readonly onlyQemu: readonly string[];
}

/** Bits as libvirt writes them: the subleaf is always there. */
function toLibvirtKey(place: string): string {
  const [key, bit] = place.split('/');
  const word = parseWordKey(key);
  return word?.kind === 'cpuid' ? `${wordKeyOf({ ...word, subleaf: word.subleaf ?? 0 })}/${bit}` : place;
}

/** Bits of each model of the map, without those that this QEMU clears by itself. */
function readMap(map: LibvirtMapIndex, index: CatalogIndex): ReadonlyMap<string, ReadonlySet<string>> {
  const places = [...map.places];
  return new Map(
    map.models.map(({ name, bits }) => {
      const own = places.filter(([, position]) => (bits >> BigInt(position)) & 1n).map(([place]) => place);
      return [name, withoutDormantBits(index, own)];
    }),
  );
}

function withoutDormantBits(index: CatalogIndex, places: readonly string[]): ReadonlySet<string> {
  const { layout } = index;
  const features = new Uint32Array(layout.laneCount);
  const unknown: string[] = [];
  for (const place of places) {
    const [key, bit] = place.split('/');
    const number = Number(bit);
    // QEMU leaves the subleaf out where the leaf has no others.
    const lane = layout.laneOfKey.get(key) ?? layout.laneOfKey.get(key.replace(/^([0-9a-f]+)\.0\./, '$1.'));
    if (lane === undefined) unknown.push(place);
    else features[lane + (number >> 5)] |= 1 << (number & 31);
  }
  const awake = bitKeys(withoutDormant({ index, features, properties: {} }));
  return new Set([...unknown, ...[...awake].map(toLibvirtKey)]);
}

/**
 * Diffs libvirt's CPU map against the definitions of a QEMU, model by model and machine type by machine type. libvirt
 * takes a model to be the same on every machine type. Left out are bits that its map does not name, which cannot be
 * judged, and bits that QEMU clears by itself (`vmx-*` of a model that does not ask for `vmx`).
 */
export function refereeCpuMap(map: LibvirtMapIndex, index: CatalogIndex, accel: Accelerator): Referee {
  const accelerator = index.accelerators[accel];
  const modelsOfMap = readMap(map, index);
  const models = index.catalog.models.map(({ name }) => name).filter((name) => kindOf(name) === 'defined');
  const judged =
    accelerator === null
      ? []
      : models.flatMap((model) => {
          const bits = modelsOfMap.get(model);
          return bits === undefined ? [] : judgeModel(map, index, accelerator, { model, bits });
        });
  const everywhere = intersect(judged.map(({ onlyQemu }) => onlyQemu));
  const grouped = groupJudged(judged, everywhere);
  const known = new Set(models);
  return {
    release: map.map.release,
    ...grouped,
    bits: countBits(grouped.disagreements),
    everywhere: [...everywhere].map(nameOf),
    unknownToQemu: [...modelsOfMap.keys()].filter((name) => !known.has(name)).sort(compareNames),
    unknownToLibvirt: models.filter((name) => !modelsOfMap.has(name)).sort(compareNames),
  };
}

function judgeModel(
  { places }: LibvirtMapIndex,
  index: CatalogIndex,
  accelerator: AcceleratorIndex,
  { model, bits }: { readonly model: string; readonly bits: ReadonlySet<string> },
): Judged[] {
  const at = index.modelByName.get(model);
  if (at === undefined) return [];
  const known = new Map<number, Pick<Judged, 'onlyLibvirt' | 'onlyQemu'>>();
  return index.catalog.machines.flatMap(({ name: machine }, number): Judged[] => {
    const group = accelerator.source.machineGroups[number];
    const definition = definitionOf(index, accelerator, number, at);
    if (definition === null) return [];
    const row = accelerator.source.groups[group][at];
    const before = known.get(row);
    if (before !== undefined) return [{ model, machine, ...before }];
    const own = new Set(
      [...bitKeys(withoutDormant(definition))].map(toLibvirtKey).filter((place) => places.has(place)),
    );
    const difference = {
      onlyLibvirt: [...bits].filter((place) => !own.has(place)),
      onlyQemu: [...own].filter((place) => !bits.has(place)),
    };
    known.set(row, difference);
    return [{ model, machine, ...difference }];
  });
}

function intersect(lists: readonly (readonly string[])[]): ReadonlySet<string> {
  const [first = [], ...rest] = lists;
  return new Set(first.filter((place) => rest.every((list) => list.includes(place))));
}

function groupJudged(
  judged: readonly Judged[],
  everywhere: ReadonlySet<string>,
): Pick<Referee, 'agreeing' | 'disagreements'> {
  const groups = new Map<string, { readonly first: Judged; readonly machines: string[] }>();
  for (const one of judged) {
    const onlyQemu = one.onlyQemu.filter((place) => !everywhere.has(place));
    const key = JSON.stringify([one.model, one.onlyLibvirt, onlyQemu]);
    const group = groups.get(key) ?? { first: { ...one, onlyQemu }, machines: [] };
    group.machines.push(one.machine);
    groups.set(key, group);
  }
  const sorted = [...groups.values()].sort((a, b) => compareNames(a.first.model, b.first.model));
  const isAgreed = ({ onlyLibvirt, onlyQemu }: Judged): boolean => onlyLibvirt.length + onlyQemu.length === 0;
  return {
    agreeing: sorted
      .filter(({ first }) => isAgreed(first))
      .map(({ first, machines }) => ({ model: first.model, machines: machines.sort(newestFirst) })),
    disagreements: sorted
      .filter(({ first }) => !isAgreed(first))
      .map(({ first, machines }) => ({
        model: first.model,
        machines: machines.sort(newestFirst),
        onlyLibvirt: first.onlyLibvirt.map(nameOf),
        onlyQemu: first.onlyQemu.map(nameOf),
      })),
  };
}

function countBits(disagreements: readonly Disagreement[]): DisputedBit[] {
  const models = new Map<string, { readonly named: Omit<DisputedBit, 'models'>; readonly models: Set<string> }>();
  const note = (side: DisputedBit['side'], model: string, bits: readonly NamedBit[]): void => {
    for (const bit of bits) {
      const known = models.get(`${side} ${bit.bit}`) ?? { named: { ...bit, side }, models: new Set<string>() };
      known.models.add(model);
      models.set(`${side} ${bit.bit}`, known);
    }
  };
  for (const { model, onlyLibvirt, onlyQemu } of disagreements) {
    note('libvirt', model, onlyLibvirt);
    note('qemu', model, onlyQemu);
  }
  return [...models.values()]
    .map(({ named, models: of }) => ({ ...named, models: of.size }))
    .sort((a, b) => b.models - a.models || compareNames(a.name ?? a.bit, b.name ?? b.bit));
}

/** Names a bit in libvirt's writing: the table of features leaves a subleaf 0 out where the leaf has no others. */
function nameOf(place: string): NamedBit {
  const named = nameBit(place);
  return named.name === null ? { ...nameBit(place.replace(/^([0-9a-f]+)\.0\./, '$1.')) } : named;
}
