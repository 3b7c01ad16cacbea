export { registerNames, type RegisterName } from './bits.ts';
export {
  cacheNames,
  cacheSize,
  legacyCaches,
  type CacheDescription,
  type CacheName,
  type CacheSet,
  type ModelCaches,
  type ShareLevel,
} from './caches.ts';
export { entryFlags } from './collect-entries.ts';
export {
  compareGuestCpuids,
  type ComparedCpuid,
  type DifferenceKind,
  type GuestCpuidComparison,
  type GuestCpuidDifference,
} from './compare-guest-cpuids.ts';
export { fieldsOf, maskOf, showField, showSize, type CpuidField } from './cpuid-fields.ts';
export {
  decodeGuestCpuid,
  type DecodedCache,
  type DecodedGuestCpuid,
  type DecodedLevel,
  type DecodedState,
} from './decode-guest-cpuid.ts';
export {
  guestCpuid,
  type GuestCpuid,
  type GuestCpuidEntry,
  type GuestCpuidOptions,
  type UnknownBits,
} from './guest-cpuid.ts';
export { familiesWithCaches, ownCachesOf, type OwnCaches } from './model-caches.ts';
export { describeEntry, type DescribedEntry, type DescribedField } from './describe-entry.ts';
export {
  describeComparison,
  describeGuestCpuid,
  type DifferenceDescription,
  type EntryDescription,
  type GuestCpuidDescription,
} from './describe-guest-cpuid.ts';
