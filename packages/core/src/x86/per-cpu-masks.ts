/** Registers of a CPUID answer by their short names. */
type RegisterMasks = readonly [eax: number, ebx: number, ecx: number, edx: number];

const all = 0xffff_ffff;

/**
 * Bits of a leaf that differ from CPU to CPU of one kind: ids, not features.
 * Source: Intel SDM vol. 2A, CPUID leaves 01H (initial APIC id), 06H (row in the hardware feedback table), 0BH and 1FH
 * (x2APIC id); AMD APM vol. 3 appendix E, 8000001EH (extended APIC id, core id, node id), 80000026H (x2APIC id); Xen
 * public/arch-x86/cpuid.h, leaf 4 of its range (vCPU id)
 */
const perCpuBits: ReadonlyMap<number, RegisterMasks> = new Map<number, RegisterMasks>([
  [0x01, [0, 0xff00_0000, 0, 0]],
  [0x06, [0, 0, 0, 0xffff_0000]],
  [0x0b, [0, 0, 0, all]],
  [0x1f, [0, 0, 0, all]],
  [0x4000_0004, [0, all, 0, 0]],
  [0x4000_0104, [0, all, 0, 0]],
  [0x8000_001e, [all, 0xff, 0xff, 0]],
  [0x8000_0026, [0, 0, 0, all]],
]);

const none: RegisterMasks = [0, 0, 0, 0];

/** The bits of EAX, EBX, ECX and EDX of a leaf that only tell one CPU of a host from another. */
export function perCpuMasks(leaf: number): RegisterMasks {
  return perCpuBits.get(leaf) ?? none;
}
