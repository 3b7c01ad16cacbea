import type { PlanHost, ReportHost } from '@cpu-atlas/core';

/** A host with all that a report can be made of. */
export interface ReportedHost {
  /** As the report names it. */
  readonly origin: ReportHost;
  /** As the planner takes it. */
  readonly plan: PlanHost;
  /** Its own words about its vulnerabilities; undefined: not known. */
  readonly vulnerabilities: Readonly<Record<string, string>> | undefined;
}

/** What a catalog's QEMU is called in a report, `10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)`. */
export function nameQemu({ version, package: build }: { readonly version: string; readonly package: string }): string {
  return build === '' ? version : `${version} (${build.replace(/^\((.*)\)$/, '$1')})`;
}
