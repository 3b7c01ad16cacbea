import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { ResolveContext } from '../resolve/context.ts';
import { componentName } from '../resolve/xsave.ts';
import { bitsOf } from '../x86/feature-set.ts';
import { bitCoordinate, wordKeyOf, type FeatureSet } from '../x86/word-layout.ts';

/** Unknown never becomes yes or no. */
export type Answer = 'yes' | 'no' | 'unknown';

/**
 * What stands in the way. `nested` is a feature that only nested virtualisation needs; `state` an XSAVE component;
 * `silence` a host that is not known, or not known to be still so.
 */
export type ObstacleKind =
  | 'feature'
  | 'nested'
  | 'state'
  | 'vendor'
  | 'identity'
  | 'level'
  | 'address-bits'
  | 'tsc'
  | 'machine'
  | 'model'
  | 'refusal'
  | 'not-migratable'
  | 'undecided'
  | 'silence';

/** One reason why an answer is not yes. */
export interface Obstacle {
  readonly answer: 'no' | 'unknown';
  readonly kind: ObstacleKind;
  /** Feature, property, machine type or model that it is about. */
  readonly name: string;
  /** `CPUID.07H.0:EBX[5]`, `MSR 48BH[3]`; null where it is about no bit. */
  readonly bit: string | null;
  /** In plain words, without the host. */
  readonly reason: string;
}

/** An answer with all that keeps it from being yes. */
export interface Verdict {
  readonly answer: Answer;
  readonly obstacles: readonly Obstacle[];
}

/** Any known no makes it no; else anything unknown makes it unknown; else yes. */
export function judge(obstacles: readonly Obstacle[]): Verdict {
  return { answer: answerOf(obstacles.map(({ answer }) => answer)), obstacles };
}

/** Combines answers all of which are needed. */
export function answerOf(answers: readonly Answer[]): Answer {
  if (answers.includes('no')) return 'no';
  return answers.includes('unknown') ? 'unknown' : 'yes';
}

/** Whether a word, or a feature of another word, is about nested virtualisation only. */
export function isNestedBit(wordKey: string, name: string): boolean {
  if (wordKey === '8000000a.EDX' || name === 'svm' || name === 'vmx') return true;
  const msr = /^msr\.([0-9a-f]+)$/.exec(wordKey);
  // Source: Intel SDM vol. 3D, appendix A: the VMX capability MSRs are 480H to 491H.
  return msr !== null && Number.parseInt(msr[1], 16) >= 0x480 && Number.parseInt(msr[1], 16) <= 0x491;
}

const kindOf = (wordKey: string, name: string): ObstacleKind => {
  if (isNestedBit(wordKey, name)) return 'nested';
  return wordKey.startsWith('d.0.') || wordKey === 'd.1.ECX' || wordKey === 'd.1.EDX' ? 'state' : 'feature';
};

/** The name of a bit: its property, else the feature that brings the state component, else its coordinate. */
export function nameOfBit({ index, components }: Pick<ResolveContext, 'index' | 'components'>, at: number): string {
  const [lane, bit] = [at >> 5, at & 31];
  return index.bitNames[at] ?? componentName(components, lane, bit) ?? coordinateOf(index, at);
}

/** `CPUID.07H.0:EBX[5]` of a bit at lane * 32 + bit. */
export function coordinateOf({ layout }: CatalogIndex, at: number): string {
  const lane = at >> 5;
  const word = layout.wordOfLane[lane];
  return bitCoordinate(layout.words[word], (at & 31) + (lane === layout.laneOfWord[word] ? 0 : 32));
}

/** One obstacle for each bit of a set, in QEMU's order. */
export function bitObstacles(
  context: Pick<ResolveContext, 'index' | 'components'>,
  set: FeatureSet,
  answer: Obstacle['answer'],
  reasonOf: (name: string, bit: string) => string,
): Obstacle[] {
  const obstacles: Obstacle[] = [];
  for (let lane = 0; lane < set.length; lane++)
    for (const bit of bitsOf(set[lane])) {
      const at = lane * 32 + bit;
      const name = nameOfBit(context, at);
      const coordinate = coordinateOf(context.index, at);
      const key = wordKeyOf(context.index.layout.words[context.index.layout.wordOfLane[lane]]);
      const reason = reasonOf(name, coordinate);
      obstacles.push({ answer, kind: kindOf(key, name), name, bit: coordinate, reason });
    }
  return obstacles;
}
