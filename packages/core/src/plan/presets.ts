import { abiReach } from './abi-level.ts';
import { presetRecords } from './plan-facts.gen.ts';

/** What a workload needs of a CPU. */
export interface PresetRecord {
  readonly id: string;
  readonly title: string;
  /** The x86-64 ABI level that it is built for. */
  readonly abiLevel?: number;
  /** Of each list one feature is needed. */
  readonly needs: readonly (readonly string[])[];
  readonly why: string;
  readonly source: string;
  /** From a report, not from the one who decides. */
  readonly secondHand: boolean;
}

/** Whether a CPU is enough for a workload. */
export interface PresetVerdict {
  readonly id: string;
  readonly isMet: boolean;
  /** What is short; of alternatives, all of them: `vmx or svm`. */
  readonly lacks: readonly string[];
}

/** All presets. Source: data/plan/presets.json */
export function listPresets(): readonly PresetRecord[] {
  return presetRecords;
}

export function judgePreset({ id, abiLevel, needs }: PresetRecord, has: (feature: string) => boolean): PresetVerdict {
  const { short } = abiReach(has);
  const ofLevel = short.find(({ name }) => name === `x86-64-v${abiLevel}`)?.lacks ?? [];
  const ofNeeds = needs.filter((choices) => !choices.some(has)).map((choices) => choices.join(' or '));
  const lacks = [...new Set([...ofLevel, ...ofNeeds])];
  return { id, isMet: lacks.length === 0, lacks };
}
