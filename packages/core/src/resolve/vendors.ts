/** Vendors of CPUID leaf 0 that decide something. */
export const amd = 'AuthenticAMD';
export const intel = 'GenuineIntel';

/** CPUs of Zhaoxin go under the second and third name. Source: QEMU 10.0 and 10.2 sources */
const intelLike = new Set([intel, 'CentaurHauls', '  Shanghai  ']);

/** Whether a vendor follows Intel in what it shows of the topology. */
export function isIntelLike(vendor: string): boolean {
  return intelLike.has(vendor);
}
