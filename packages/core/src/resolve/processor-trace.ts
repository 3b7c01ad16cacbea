import type { Words } from './compute-words.ts';
import type { ResolveContext } from './context.ts';
import type { Accelerator } from './resolution.ts';

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

/** intel-pt is filtered where KVM's own Processor Trace can do less, or other, than QEMU shows. */
export function filterProcessorTrace(
  { index, facts }: ResolveContext,
  accel: Accelerator,
  words: Words,
  isForced: boolean,
): Words {
  const trace = index.features.get('intel-pt');
  if (accel !== 'kvm' || !trace || facts.kvm === null || (words.effective[trace.lane] & trace.mask) === 0) return words;
  const main = facts.kvm.supported.get(0x14, 0);
  const ranges = facts.kvm.supported.get(0x14, 1);
  const lip = index.features.get('intel-pt-lip');
  const guestLip = lip && (words.effective[lip.lane] & lip.mask) !== 0 ? minimal.lip : 0;
  const fits =
    main !== null &&
    ranges !== null &&
    main.EAX !== 0 &&
    (main.EBX & minimal.ebx0) === minimal.ebx0 &&
    (main.ECX & minimal.ecx0) === minimal.ecx0 &&
    (ranges.EAX & minimal.mtcPeriods) === minimal.mtcPeriods &&
    (ranges.EAX & minimal.addressRangesMask) >= minimal.addressRanges &&
    (ranges.EBX & minimal.cyclesAndPsb) === minimal.cyclesAndPsb &&
    (main.ECX & minimal.lip) >>> 0 === guestLip;
  if (fits) return words;
  const effective = words.effective.slice();
  const filtered = words.filtered.slice();
  if (!isForced) effective[trace.lane] &= ~trace.mask;
  filtered[trace.lane] |= trace.mask;
  return { ...words, effective, filtered };
}
