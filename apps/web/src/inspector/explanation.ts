import type { BlockingLayer, FeatureState, FeatureVerdict, Resolution } from '@cpu-atlas/core';
import { countFeatures } from '../matrix/cell.ts';

/** The layers in the order in which a bit travels from silicon to guest. */
const layers = [
  'hardware',
  'kernel',
  'qemu',
  'config',
  'dependency',
  'not-observed',
] as const satisfies readonly BlockingLayer[];

interface LayerWords {
  readonly title: string;
  readonly does: (count: number) => string;
  readonly doesAll: string;
}

/** What a layer does to so many features, or to all that are filtered. */
const layerWords = {
  hardware: { title: 'Filtered by hardware', does: (count) => `the CPU lacks ${count}`, doesAll: 'the CPU lacks them' },
  kernel: { title: 'Filtered by kernel', does: (count) => `KVM withholds ${count}`, doesAll: 'KVM withholds them' },
  qemu: { title: 'Filtered by QEMU', does: (count) => `QEMU cannot give ${count}`, doesAll: 'QEMU cannot give them' },
  config: {
    title: 'Filtered by configuration',
    does: (count) => `the configuration rules out ${count}`,
    doesAll: 'the configuration rules them out',
  },
  dependency: {
    title: 'Filtered by dependency',
    does: (count) => `${count} ${count === 1 ? 'depends' : 'depend'} on others that are missing`,
    doesAll: 'they depend on others that are missing',
  },
  'not-observed': {
    title: 'Filtered, layer not observed',
    does: (count) => `for ${count} the layer that decides was not seen`,
    doesAll: 'the layer that decides was not seen',
  },
} as const satisfies Record<BlockingLayer, LayerWords>;

/** Features that the same thing withholds, in the same words but for their names and bits. */
export interface BlockedAlike {
  readonly features: readonly FeatureVerdict[];
  /** With `<bit>` and `<feature>` where several features share the sentence. */
  readonly evidence: string;
  readonly remedy: string;
}

export interface BlockedLayer {
  readonly layer: BlockingLayer;
  readonly title: string;
  readonly count: number;
  readonly alike: readonly BlockedAlike[];
}

/** Features with a blocker, by the layer that withholds them, and in it by what is said of them. */
export function groupByLayer(features: readonly FeatureVerdict[]): readonly BlockedLayer[] {
  return layers.flatMap((layer) => {
    const blocked = features.filter(({ blocker }) => blocker?.layer === layer);
    if (blocked.length === 0) return [];
    return [{ layer, title: layerWords[layer].title, count: blocked.length, alike: groupAlike(blocked) }];
  });
}

function groupAlike(features: readonly FeatureVerdict[]): readonly BlockedAlike[] {
  const groups = new Map<string, FeatureVerdict[]>();
  for (const feature of features) {
    const key = `${generalise(feature, feature.blocker?.evidence)}\n${generalise(feature, feature.blocker?.remedy)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [feature]);
    else group.push(feature);
  }
  return [...groups.values()].map((members) => {
    const [first] = members;
    const say = (text: string | undefined) =>
      first === undefined || members.length === 1 ? (text ?? '') : generalise(first, text);
    return { features: members, evidence: say(first?.blocker?.evidence), remedy: say(first?.blocker?.remedy) };
  });
}

/** A sentence about one feature as a sentence about any. */
function generalise({ name, bit }: FeatureVerdict, text = ''): string {
  const whole = new RegExp(`(?<![\\w.])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w])`, 'g');
  return text.replaceAll(bit, '<bit>').replaceAll(whole, '<feature>');
}

export function inState(features: readonly FeatureVerdict[], state: FeatureState): readonly FeatureVerdict[] {
  return features.filter((feature) => feature.state === state);
}

/** How many features the model asks for. */
export function countRequested(features: readonly FeatureVerdict[]): number {
  return features.filter(({ requested }) => requested).length;
}

/** The answer in one or two plain sentences. */
export function writeHeadline(resolution: Resolution, features: readonly FeatureVerdict[]): string {
  const filtered = inState(features, 'filtered');
  const requested = countRequested(features);
  switch (resolution.status) {
    case 'runnable':
      return `A guest gets the model as defined: all ${countFeatures(requested)} that it asks for.`;
    case 'filtered': {
      const reasons = writeReasons(groupByLayer(filtered));
      return `QEMU starts it, but leaves out ${filtered.length} of the ${countFeatures(requested)} that it asks for${reasons}.`;
    }
    case 'refused':
      return writeRefusal(resolution);
    case 'unknown':
      return `This cannot be told: ${resolution.unknowns[0] ?? 'a layer that decides was not seen'}.`;
  }
}

function writeReasons(groups: readonly BlockedLayer[]): string {
  const [first] = groups;
  if (first === undefined) return '';
  if (groups.length === 1 && first.count > 1) return `: ${layerWords[first.layer].doesAll}`;
  return `: ${groups.map(({ layer, count }) => layerWords[layer].does(count)).join(', ')}`;
}

function writeRefusal({ refusal, machine }: Resolution): string {
  switch (refusal?.by) {
    case 'usage':
      return 'QEMU does not accept this command line.';
    case 'enforce':
      return 'QEMU does not start, because enforce is set and features are missing.';
    case 'accelerator':
      return `The accelerator does not start with this configuration of ${machine}.`;
    case 'abort':
      return 'QEMU accepts it and then dies while it sets up the virtual CPU.';
    case undefined:
      return 'QEMU does not start it.';
  }
}

/** What `enforce` would do, in two or three words. */
export function writeEnforce(enforce: Resolution['enforce']): string {
  switch (enforce) {
    case 'starts':
      return 'would start';
    case 'refuses':
      return 'would refuse';
    case 'unknown':
      return 'cannot be told';
  }
}
