import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { ResolveContext } from './context.ts';
import { hasFeature } from './feature-words.ts';

/**
 * What leaf 14H must offer for intel-pt to be given to a guest: QEMU always shows the guest the same capabilities.
 * Source: Intel SDM vol. 2A, CPUID, leaf 14H; QEMU 7.2 to 10.2, the leaf as guests see it
 */
const minimal = {
  ebx0: 0xf,
  ecx0: 0x7,
  lip: 0x80000000,
  addressRanges: 2,
  addressRangesMask: 0x3,
  mtcPeriods: 0x0249 << 16,
  cyclesAndPsb: (0x003f << 16) | 0x1fff,
};

/** Whether KVM's own Processor Trace can do less, or other, than QEMU shows a guest that has intel-pt. */
export function differsFromGuestTrace({ index, facts: { kvm } }: ResolveContext, effective: FeatureSet): boolean {
  if (kvm === null) return false;
  const main = kvm.supported.get(0x14, 0);
  const ranges = kvm.supported.get(0x14, 1);
  if (main === null || ranges === null) return true;
  const guestLip = hasFeature(index, effective, 'intel-pt-lip') ? minimal.lip : 0;
  return !(
    main.EAX !== 0 &&
    (main.EBX & minimal.ebx0) === minimal.ebx0 &&
    (main.ECX & minimal.ecx0) === minimal.ecx0 &&
    (ranges.EAX & minimal.mtcPeriods) === minimal.mtcPeriods &&
    (ranges.EAX & minimal.addressRangesMask) >= minimal.addressRanges &&
    (ranges.EBX & minimal.cyclesAndPsb) === minimal.cyclesAndPsb &&
    (main.ECX & minimal.lip) >>> 0 === guestLip
  );
}

/**
 * Machine types that do not raise the level for intel-pt filter it where the level stays below its leaf.
 * Source: QEMU 7.2, 10.0 and 10.2, x-intel-pt-auto-level
 */
export function lacksTraceLevel(index: CatalogIndex, requested: FeatureSet, properties: PropertyValues): boolean {
  if (properties['x-intel-pt-auto-level'] !== false || properties['full-cpuid-auto-level'] === false) return false;
  const level = properties['min-level'];
  // No feature word lies between leaf 0DH and 14H, so nothing else raises the level that far.
  return hasFeature(index, requested, 'intel-pt') && !(typeof level === 'number' && level >= 0x14);
}
