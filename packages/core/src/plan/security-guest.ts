import { AtlasError } from '../errors.ts';
import type { ResolveContext } from '../resolve/context.ts';
import { explain } from '../resolve/explain.ts';
import type { FeatureState, ResolutionRequest, ResolutionStatus } from '../resolve/resolution.ts';
import { isUnknown, type HostSnapshot } from '../snapshot/snapshot.ts';
import { judgeSecurityFlags, type SecurityFlagRecord, type SecurityVerdict } from './security-flags.ts';

/** over-claimed: the guest is told that it is immune, while the host says that its CPU is affected. */
export type GuestFlagVerdict = SecurityVerdict | 'over-claimed';

/** One flag of a guest on a host, with what decided. */
export interface GuestFlag {
  readonly flag: string;
  readonly verdict: GuestFlagVerdict;
  /** Of the feature in the guest; null: this QEMU does not know it. */
  readonly state: FeatureState | null;
  /** The host's own word about the vulnerability, verbatim; null: it says nothing, or there is no file about it. */
  readonly hostSays: string | null;
  readonly remedy: string | null;
}

/** What the flags of a guest are on a host. Flags of other vendors are left out. */
export type GuestSecurity =
  | {
      readonly kind: 'judged';
      readonly status: ResolutionStatus;
      readonly vendor: string;
      readonly flags: readonly GuestFlag[];
    }
  /** QEMU does not start the guest, or has no such model or machine type. */
  | { readonly kind: 'no-guest'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** The host's own word about its vulnerabilities; undefined: not known. */
export function vulnerabilitiesOf(snapshot: HostSnapshot | null): Readonly<Record<string, string>> | undefined {
  const hardware = snapshot?.hardware;
  return hardware === undefined || isUnknown(hardware) ? undefined : hardware.vulnerabilities;
}

const unoffered = new Set(['MACHINE_TYPE_UNKNOWN', 'CPU_MODEL_UNKNOWN']);

/**
 * Judges every flag that the security of a guest depends on, on one host.
 * @throws CPU_STRING_INVALID, SNAPSHOT_INVALID
 */
export function judgeGuestSecurity(
  context: ResolveContext,
  request: ResolutionRequest,
  vulnerabilities: Readonly<Record<string, string>> | undefined,
): GuestSecurity {
  const explained = explainOffered(context, request);
  if ('reason' in explained) return explained;
  const { resolution, features } = explained;
  if (resolution.status === 'refused')
    return { kind: 'no-guest', reason: resolution.refusal?.message ?? 'QEMU does not start it' };
  const vendor = request.accel === 'kvm' ? context.facts.vendor : resolution.vendor;
  if (vendor === null) return { kind: 'unknown', reason: 'the vendor of the host’s CPU is not known' };
  const states = new Map(features.map(({ name, state }) => [name, state]));
  const stateOf = (feature: string): FeatureState | undefined => states.get(feature);
  const flags = judgeSecurityFlags({ vendor, stateOf, vulnerabilities }).map(
    ({ record, verdict, remedy }): GuestFlag => {
      const hostSays = record.vulnerability === null ? null : (vulnerabilities?.[record.vulnerability]?.trim() ?? null);
      const told = { flag: record.flag, state: stateOf(record.flag) ?? null, hostSays };
      if (!isOverClaimed(record, verdict, hostSays)) return { ...told, verdict, remedy };
      return {
        ...told,
        verdict: 'over-claimed',
        remedy: `append ,-${record.flag}: the guest relies on what is not so`,
      };
    },
  );
  return { kind: 'judged', status: resolution.status, vendor, flags };
}

function explainOffered(
  context: ResolveContext,
  request: ResolutionRequest,
): ReturnType<typeof explain> | Exclude<GuestSecurity, { readonly kind: 'judged' }> {
  try {
    return explain(context, request);
  } catch (error) {
    if (!(error instanceof AtlasError)) throw error;
    if (unoffered.has(error.code)) return { kind: 'no-guest', reason: error.message };
    if (error.code === 'ACCELERATOR_UNKNOWN') return { kind: 'unknown', reason: error.message };
    throw error;
  }
}

/**
 * Flags that deny the very weakness that the file of the host tells of, and the words of the file with which that is not
 * so. Left out are flags whose file tells of several weaknesses (`spectre_v2` of BHI, PBRSB and more), and pschange-mc-no,
 * which KVM tells every guest, as it shields them itself. gds-no is right where the microcode mitigates.
 * Source: Linux Documentation/admin-guide/hw-vuln; arch/x86/kvm/x86.c, kvm_get_arch_capabilities
 */
const deniedWords: ReadonlyMap<string, RegExp> = new Map([
  ...['mds-no', 'taa-no', 'rdctl-no', 'ssb-no', 'amd-no-ssb', 'rfds-no', 'its-no'].map(
    (flag) => [flag, /^(?:Vulnerable|Mitigation)/] as const,
  ),
  ['gds-no', /^Vulnerable/],
  // Without SMT the older Zens are not affected, and Linux itself sets the flag.
  ['srso-no', /^(?:Vulnerable|Mitigation(?!: SMT disabled))/],
]);

function isOverClaimed({ flag }: SecurityFlagRecord, verdict: SecurityVerdict, hostSays: string | null): boolean {
  return verdict === 'on' && hostSays !== null && (deniedWords.get(flag)?.test(hostSays) ?? false);
}
