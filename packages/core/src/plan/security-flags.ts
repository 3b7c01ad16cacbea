import { assertNever } from '../errors.ts';
import type { FeatureState } from '../resolve/resolution.ts';
import { securityFlagRecords } from './plan-facts.gen.ts';

/** A flag that the security of a guest depends on. */
export interface SecurityFlagRecord {
  readonly flag: string;
  /** Vendors of CPUID leaf 0 to which it means anything. */
  readonly vendors: readonly string[];
  /** immunity: the CPU is not affected. weakness: a guest has to know. control: something that a guest may switch. */
  readonly kind: 'mitigation' | 'immunity' | 'weakness' | 'control' | 'performance';
  /** add: whenever the host gives it. if-immune: only where every host of the pool has it. optional: nobody's default. */
  readonly advice: 'add' | 'if-immune' | 'optional';
  readonly against: readonly string[];
  /** File in `/sys/devices/system/cpu/vulnerabilities`; null: none. */
  readonly vulnerability: string | null;
  readonly text: string;
  /** Flags any of which makes it needless. */
  readonly excludedBy?: readonly string[];
  /** Flags without which it is of no use. */
  readonly needs?: readonly string[];
  readonly source: string;
  /** From a report, not from the one who decides. */
  readonly secondHand: boolean;
}

/**
 * on: the guest has it. should-be-on: the host gives it, the guest does not ask. host-lacks: it is needed, and the host
 * does not have it (a gap of microcode or kernel). not-needed: something else makes it needless, or the host is not
 * affected. not-offered: no immunity to tell of. optional: left to taste. unknown: a layer that decides is not known.
 */
export type SecurityVerdict =
  'on' | 'should-be-on' | 'host-lacks' | 'not-needed' | 'not-offered' | 'optional' | 'unknown';

export interface JudgedFlag {
  readonly record: SecurityFlagRecord;
  readonly verdict: SecurityVerdict;
  readonly remedy: string | null;
}

/** A guest on a host, as far as these flags go. */
export interface SecurityInput {
  /** CPUID's name of the vendor. */
  readonly vendor: string;
  /** State of a feature in the guest; undefined: this QEMU does not know it. */
  readonly stateOf: (feature: string) => FeatureState | undefined;
  /** The host's own word, by name of the file; undefined: not known. */
  readonly vulnerabilities?: Readonly<Record<string, string>> | undefined;
}

/** All flags. Source: data/plan/security-flags.json */
export function listSecurityFlags(): readonly SecurityFlagRecord[] {
  return securityFlagRecords;
}

/** Judges every flag that means anything to CPUs of a vendor. */
export function judgeSecurityFlags(input: SecurityInput): JudgedFlag[] {
  return securityFlagRecords
    .filter(({ vendors }) => vendors.includes(input.vendor))
    .map((record) => ({ record, ...judge(record, input) }));
}

type Judgement = Pick<JudgedFlag, 'verdict' | 'remedy'>;

const say = (verdict: SecurityVerdict, remedy: string | null = null): Judgement => ({ verdict, remedy });

/** Linux writes `Not affected`, and of an unknown state `Unknown: …`. */
function isUnaffected({ vulnerability }: SecurityFlagRecord, { vulnerabilities }: SecurityInput): boolean {
  return vulnerability !== null && vulnerabilities?.[vulnerability]?.trim() === 'Not affected';
}

function judge(record: SecurityFlagRecord, input: SecurityInput): Judgement {
  const state = input.stateOf(record.flag);
  if (state === undefined) return say('unknown', 'this QEMU does not know the flag: a newer one may');
  if (state === 'enabled') return say('on');
  const isNeedless = record.excludedBy?.some((other) => input.stateOf(other) === 'enabled') ?? false;
  if (isNeedless || (record.kind !== 'immunity' && isUnaffected(record, input))) return say('not-needed');
  if (state === 'unknown') return say('unknown', 'probe the host');
  if (record.needs?.some((other) => input.stateOf(other) !== 'enabled')) return say('not-needed');
  switch (record.advice) {
    case 'optional':
      return say('optional');
    case 'if-immune':
      return state === 'missing' ? say('should-be-on', onlyIfAll(record.flag)) : say('not-offered');
    case 'add':
      return state === 'missing' ? say('should-be-on', `append ,+${record.flag}`) : lacking(record);
    default:
      return assertNever(record.advice);
  }
}

const onlyIfAll = (flag: string): string => `append ,+${flag}, if every host of the pool has it`;

/** A weakness that the host does not have is none; a mitigation that it lacks is a gap. */
function lacking({ kind }: SecurityFlagRecord): Judgement {
  if (kind === 'weakness') return say('not-needed');
  return say('host-lacks', 'update the microcode and the kernel of the host, or move to another one');
}
