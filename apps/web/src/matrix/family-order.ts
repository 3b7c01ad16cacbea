import type { HostMatrix } from '@cpu-atlas/core';

interface Rank {
  readonly isOwn: boolean;
  /** The most features that any of its models asks for: later generations ask for more. */
  readonly features: number;
}

interface FamilyRank extends Rank {
  readonly family: string;
  readonly vendor: string;
}

/** Families of models: those of the host's own vendor first, then vendor by vendor, later generations first. */
export function orderFamilies(matrix: HostMatrix, hostVendor: string | null): readonly string[] {
  const families = new Map<string, FamilyRank>();
  const vendors = new Map<string, Rank>();
  matrix.models.forEach(({ family, vendor }, model) => {
    const features = countMost(matrix, model);
    const isOwn = isOfVendor(hostVendor, vendor);
    families.set(family, { family, vendor, isOwn, features: Math.max(features, families.get(family)?.features ?? 0) });
    vendors.set(vendor, { isOwn, features: Math.max(features, vendors.get(vendor)?.features ?? 0) });
  });
  const none: Rank = { isOwn: false, features: 0 };
  return [...families.values()]
    .sort((a, b) => {
      const byVendor = compareRanks(vendors.get(a.vendor) ?? none, vendors.get(b.vendor) ?? none);
      return byVendor || a.vendor.localeCompare(b.vendor) || compareRanks(a, b) || a.family.localeCompare(b.family);
    })
    .map(({ family }) => family);
}

function compareRanks(a: Rank, b: Rank): number {
  return Number(b.isOwn) - Number(a.isOwn) || b.features - a.features;
}

function countMost(matrix: HostMatrix, model: number): number {
  const start = model * matrix.columns.length;
  return Math.max(0, ...matrix.requestedCount.subarray(start, start + matrix.columns.length));
}

/** `AuthenticAMD` is of vendor `AMD`. */
function isOfVendor(hostVendor: string | null, vendor: string): boolean {
  return hostVendor !== null && vendor !== '' && hostVendor.toLowerCase().includes(vendor.toLowerCase());
}
