import type { PropertyValues } from '../catalog/catalog.ts';
import { hasFeature } from './feature-words.ts';
import type { Words } from './words.ts';
import type { ResolveContext } from './context.ts';
import type { Accelerator } from './resolution.ts';
import { holds } from './rules.ts';

/** Whether a CPU gets the version of AVX10 that it asks for. */
export type Avx10Shortfall =
  | { readonly kind: 'fits' }
  | { readonly kind: 'unknown' }
  /** `offered` null: avx10 itself is not there, or the version is kept for all that. */
  | { readonly kind: 'lacks'; readonly asked: number; readonly offered: number | null };

/** The newest version that QEMU 11.1 knows, and what each one brings. Source: QEMU 11.1 runs with avx10-version=N */
export const newestAvx10Version = 2;
const broughtBy: readonly { readonly version: number; readonly features: readonly string[] }[] = [
  { version: 1, features: ['avx10', 'avx10-128', 'avx10-256', 'avx10-512'] },
  { version: 2, features: ['avx10-vnni-int'] },
];

/** Names of the features that belong to a version of AVX10. */
export function featuresOfAvx10(version: number): string[] {
  return broughtBy.filter((step) => step.version <= version).flatMap(({ features }) => features);
}

const fits: Avx10Shortfall = { kind: 'fits' };

/** CPUID.24H.0:EBX[7:0] as the accelerator has it; null: not known. Source: Intel AVX10 specification, leaf 24H */
function offeredVersion({ facts }: ResolveContext, accel: Accelerator): number | null {
  if (accel === 'tcg') return 0;
  if (facts.kvm) return (facts.kvm.supported.get(0x24, 0)?.EBX ?? 0) & 0xff;
  const observed = facts.observed.kvm?.host?.['avx10-version'];
  return typeof observed === 'number' ? observed : null;
}

/**
 * Compares the `avx10-version` of a CPU with the accelerator's. A version without avx10 is short of everything.
 * Source: QEMU 10.0 and 10.2 sources; GraniteRapids-v2 on hosts without AVX10
 */
export function avx10Shortfall(
  context: ResolveContext,
  accel: Accelerator,
  words: Words,
  properties: PropertyValues,
): Avx10Shortfall {
  const asked = properties['avx10-version'];
  if (typeof asked !== 'number' || asked === 0) return fits;
  if (!hasFeature(context.index, words.effective, 'avx10')) return { kind: 'lacks', asked, offered: null };
  const offered = offeredVersion(context, accel);
  if (offered === null) return { kind: 'unknown' };
  if (offered >= asked) return fits;
  const isKept = properties['x-force-features'] === true && holds('avx10VersionForced', context.index.release);
  return { kind: 'lacks', asked, offered: isKept ? null : offered };
}
