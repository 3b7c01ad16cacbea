import { featureRecords, wordRecords, type FeatureRecord, type WordSpec } from '@cpu-atlas/core';
import { groupBy } from '../group-by.ts';

type CpuidWord = Extract<WordSpec, { kind: 'cpuid' }>;

/** A bit that a flag proves to be set. */
export interface ProvenBit {
  readonly word: CpuidWord;
  readonly bit: number;
}

/** What decides beside its name what a flag proves. */
export interface FlagContext {
  readonly vendor: string;
  /** The flag `hypervisor` is there: CPUID is made up, with bits of the other vendor too. */
  readonly isGuest: boolean;
}

const isAmd = ({ vendor }: FlagContext): boolean => vendor === 'AuthenticAMD' || vendor === 'HygonGenuine';

/**
 * Flags that Linux also sets by itself, so that they prove a bit only under a condition.
 *
 * Source: Linux arch/x86/kernel/cpu: common.c (init_speculation_control: ibrs, ibpb, stibp and ssbd each stand for a
 * bit of Intel or one of AMD), amd.c and hygon.c (arat; 3dnowprefetch, which long mode implies; ssbd by the MSR LS_CFG).
 */
const conditions: Readonly<Record<string, (word: string, context: FlagContext) => boolean>> = {
  arat: (_, context) => !isAmd(context),
  '3dnowprefetch': (_, context) => !isAmd(context),
  ibrs: isOwnVendorsBit,
  ibpb: isOwnVendorsBit,
  stibp: isOwnVendorsBit,
  ssbd: (word, context) => !isAmd(context) && isOwnVendorsBit(word, context),
  vnmi: (word) => word === '8000000a.EDX',
};

/** In a guest either vendor's bit may be behind the flag. */
function isOwnVendorsBit(word: string, context: FlagContext): boolean {
  if (context.isGuest) return false;
  return isAmd(context) ? word === '80000008.EBX' : context.vendor === 'GenuineIntel' && word === '7.0.EDX';
}

const words: ReadonlyMap<string, WordSpec> = new Map(wordRecords().map(({ key, spec }) => [key, spec]));

const byFlag: ReadonlyMap<string, readonly FeatureRecord[]> = groupBy(
  featureRecords().filter(({ linux, word }) => linux !== null && words.get(word)?.kind === 'cpuid'),
  ({ linux }) => linux ?? '',
);

/** The CPUID bits that a word of the flags line proves. Empty: none, or the flag is not one of CPUID. */
export function bitsOfLinuxFlag(flag: string, context: FlagContext): readonly ProvenBit[] {
  return (byFlag.get(flag) ?? []).flatMap(({ word, bit }): ProvenBit[] => {
    const spec = words.get(word);
    if (spec?.kind !== 'cpuid') return [];
    const condition = Object.hasOwn(conditions, flag) ? conditions[flag] : undefined;
    return condition === undefined || condition(word, context) ? [{ word: spec, bit }] : [];
  });
}
