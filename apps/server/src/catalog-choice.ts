/**
 * Which catalog answers for a QEMU version that has none of its own. Its own one wins; then the same minor release (a
 * stable update changes next to nothing), then the release nearest in time, the newer one where two are equally near.
 */

export interface VersionedCatalog {
  readonly version: string;
  readonly package: string;
}

export interface CatalogChoice<T> {
  readonly catalog: T;
  /** exact: of the version that was asked for (`10.0` asks for any 10.0.x). */
  readonly match: 'exact' | 'nearest';
}

export interface WantedVersion {
  /** `10.0`, `10.0.13`, `10.0.13 (Debian …)`. */
  readonly version: string;
  readonly package?: string | undefined;
}

interface Release {
  readonly major: number;
  readonly minor: number;
  readonly patch: number | null;
}

/** Whether a word can be a QEMU version: digits and dots first. */
export function isVersion(word: string): boolean {
  return parseRelease(word) !== null;
}

/**
 * The best of the catalogs for a version; null when there is none at all, or what is wanted is no version. Among equals
 * one of the same package wins, then the first.
 */
export function chooseCatalog<T extends VersionedCatalog>(
  catalogs: readonly T[],
  wanted: WantedVersion,
): CatalogChoice<T> | null {
  const release = parseRelease(wanted.version);
  if (release === null) return null;
  let best: { readonly catalog: T; readonly rank: readonly number[] } | null = null;
  for (const catalog of catalogs) {
    const candidate = parseRelease(catalog.version);
    if (candidate === null) continue;
    const rank = rankOf(candidate, release, wanted.package === catalog.package);
    if (best === null || isBefore(rank, best.rank)) best = { catalog, rank };
  }
  if (best === null) return null;
  return { catalog: best.catalog, match: best.rank[0] === 0 && best.rank[1] === 0 ? 'exact' : 'nearest' };
}

/** Newest version first. */
export function compareVersions(a: VersionedCatalog, b: VersionedCatalog): number {
  const [left, right] = [parseRelease(a.version), parseRelease(b.version)];
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  return right.major - left.major || right.minor - left.minor || (right.patch ?? 0) - (left.patch ?? 0);
}

/** Smaller is better, the first difference decides. */
function rankOf(candidate: Release, wanted: Release, isSamePackage: boolean): readonly number[] {
  const distance = Math.abs(releaseOrdinal(candidate) - releaseOrdinal(wanted));
  const patchDistance = wanted.patch === null || distance > 0 ? 0 : Math.abs((candidate.patch ?? 0) - wanted.patch);
  return [distance, patchDistance, isSamePackage ? 0 : 1, -releaseOrdinal(candidate), -(candidate.patch ?? 0)];
}

/**
 * Three releases a year, numbered .0, .1, .2, since 4.0: 8.2 is as far from 9.0 as 9.0 is from 9.1.
 * Source: release history of QEMU. Inferred for 2.x, where minors go to 12: they stay within their major's span.
 */
function releaseOrdinal({ major, minor }: Release): number {
  return major * 3 + (minor <= 2 ? minor : 2 + minor / 100);
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}

function parseRelease(version: string): Release | null {
  const [, major, minor, patch] = /^(\d{1,3})(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?(?![\d.])/.exec(version) ?? [];
  if (major === undefined) return null;
  return { major: Number(major), minor: Number(minor ?? 0), patch: patch === undefined ? null : Number(patch) };
}
