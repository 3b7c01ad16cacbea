/**
 * VMX control MSRs: the high half says what may be 1, the low half what must be. QEMU offers what may be 1 and need not.
 * Source: Intel SDM vol. 3D, appendix A
 */
const controlMsrs: ReadonlySet<number> = new Set([0x48b, 0x48d, 0x48e, 0x48f, 0x490]);

/** The feature bits that the value of an MSR stands for, of KVM or of the silicon. */
export function featureBitsOf(msr: number, value: bigint): bigint {
  return controlMsrs.has(msr) ? (value >> 32n) & ~(value & 0xffffffffn) : value;
}
