import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import type { Words } from './words.ts';
import type { ResolveContext } from './context.ts';
import { hasFeature } from './feature-words.ts';
import type { Accelerator, Refusal } from './resolution.ts';
import { holds } from './rules.ts';

const number = (values: PropertyValues, name: string): number => (typeof values[name] === 'number' ? values[name] : 0);

/** Address sizes: what the guest is told, or why QEMU does not start. */
export interface AddressBits {
  readonly physBits: number | null;
  readonly guestPhysBits: number | null;
  readonly warnings: readonly string[];
  readonly refusal: Refusal | null;
}

/** Bits of a 64-bit CPU when nobody says. Source: QEMU 7.2 to 11.1, phys-bits of every TCG model with lm */
const defaultPhysBits = 40;
/** Source: QEMU 7.2 to 11.1, error text of phys-bits */
const widestPhysBits = 52;

function usage(message: string, remedy: string): Refusal {
  return { by: 'usage', message, remedy };
}

const notIn32Bits = (name: string): Refusal => usage(`${name} is not user-configurable in 32 bit`, `leave ${name} out`);

/** What somebody set guest-phys-bits to; -1: nobody did. */
function askedGuestBits(properties: PropertyValues): number {
  const asked = properties['guest-phys-bits'];
  return typeof asked === 'number' && asked !== 0xffffffff ? asked : -1;
}

/**
 * Physical address bits of the host CPU: leaf 80000008H EAX[7:0], or 36 where that leaf is missing. A partial layer
 * that lacks it does not tell.
 */
function hostPhysBits({ facts }: ResolveContext): number | null {
  const { silicon, isPartial } = facts;
  if (silicon === null) return null;
  const leaf = (silicon.get(0x80000000)?.EAX ?? 0) >= 0x80000008 ? silicon.get(0x80000008) : null;
  const told = (leaf?.EAX ?? 0) & 0xff;
  if (isPartial) return told === 0 ? null : told;
  return leaf ? told : 36;
}

export function resolveAddressBits(
  context: ResolveContext,
  accel: Accelerator,
  { effective, undecided }: Pick<Words, 'effective' | 'undecided'>,
  properties: PropertyValues,
): AddressBits {
  const { index } = context;
  const has = (name: string): boolean => hasFeature(index, effective, name);
  if (hasFeature(index, undecided, 'lm')) return { physBits: null, guestPhysBits: null, warnings: [], refusal: null };
  const hasGuestBits = index.otherProperties.has('guest-phys-bits');
  const asked = number(properties, 'phys-bits');
  if (!has('lm')) {
    const none = { warnings: [], guestPhysBits: hasGuestBits ? 0 : null };
    if (asked !== 0) return { ...none, physBits: null, refusal: notIn32Bits('phys-bits') };
    if (askedGuestBits(properties) > 0) return { ...none, physBits: null, refusal: notIn32Bits('guest-phys-bits') };
    const widening = holds('paeWidensPhysBits', index.release) ? ['pse36', 'pae'] : ['pse36'];
    if (widening.some(has)) return { ...none, physBits: 36, refusal: null };
    const isOpen = widening.some((name) => hasFeature(index, undecided, name));
    return { ...none, physBits: isOpen ? null : 32, refusal: null };
  }
  const host = accel === 'kvm' ? hostPhysBits(context) : null;
  const { physBits, warnings } =
    accel === 'kvm' ? kvmPhysBits(properties, asked, host) : { physBits: asked, warnings: [] };
  if (physBits === null) return { physBits: null, guestPhysBits: null, warnings, refusal: null };
  const outside = physBitsOutside(index, physBits);
  if (outside) return { physBits: null, guestPhysBits: null, warnings, refusal: outside };
  const resolved = physBits === 0 ? defaultPhysBits : physBits;
  const guest = hasGuestBits ? guestPhysBits(context, accel, properties, resolved) : null;
  if (guest !== null && guest !== 0 && (guest > resolved || guest < 32)) {
    const message = `guest-phys-bits should be between 32 and ${resolved}  (but is ${guest})`;
    return {
      physBits: resolved,
      guestPhysBits: null,
      warnings,
      refusal: usage(message, `give guest-phys-bits from 32 to ${resolved}`),
    };
  }
  return { physBits: resolved, guestPhysBits: guest, warnings, refusal: null };
}

function physBitsOutside(index: CatalogIndex, physBits: number): Refusal | null {
  if (physBits === 0) return null;
  const isUnlimited = holds('physBitsUnlimited', index.release);
  if (physBits >= 32 && (isUnlimited || physBits <= widestPhysBits)) return null;
  const range = isUnlimited ? 'at least 32' : `between 32 and ${widestPhysBits} `;
  return usage(`phys-bits should be ${range} (but is ${physBits})`, `give phys-bits from 32 to ${widestPhysBits}`);
}

function kvmPhysBits(
  properties: PropertyValues,
  asked: number,
  host: number | null,
): { physBits: number | null; warnings: string[] } {
  const warnings =
    host !== null && asked !== host && asked !== 0
      ? [`warning: Host physical bits (${host}) does not match phys-bits property (${asked})`]
      : [];
  if (properties['host-phys-bits'] !== true) return { physBits: asked, warnings };
  const limit = number(properties, 'host-phys-bits-limit');
  return { physBits: host === null ? null : limit > 0 ? Math.min(host, limit) : host, warnings };
}

function guestPhysBits(
  context: ResolveContext,
  accel: Accelerator,
  properties: PropertyValues,
  physBits: number,
): number | null {
  const asked = askedGuestBits(properties);
  if (asked >= 0) return asked;
  if (accel !== 'kvm') return 0;
  if (!context.facts.kvm) return null;
  const offered = ((context.facts.kvm.supported.get(0x80000008)?.EAX ?? 0) >>> 16) & 0xff;
  if (offered === 0) return 0;
  const limit = properties['host-phys-bits'] === true ? number(properties, 'host-phys-bits-limit') : 0;
  return Math.min(offered, physBits, limit > 0 ? limit : physBits);
}
