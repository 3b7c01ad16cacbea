import { AtlasError } from '@cpu-atlas/core';
import type { AtlasErrorCode } from '@cpu-atlas/core';

/** What Atlas accepts from outside. Everything beyond is refused before it costs memory or time. */
export const limits = {
  /** A host snapshot as JSON text. The largest real one seen (2 CPU groups, all KVM capabilities) has 60 KB. */
  snapshotBytes: 8 * 1024 * 1024,
  /** A catalog as JSON text. Harvested ones have a few hundred KB. */
  catalogBytes: 32 * 1024 * 1024,
  /** One line of `resolve --batch`. */
  batchLineBytes: 256 * 1024,
  /** The body of an HTTP request. */
  requestBytes: 16 * 1024 * 1024,
  /** Objects and arrays inside each other. The deepest documented shape has 8. */
  depth: 24,
  /** Values (objects, arrays, numbers, strings …) in one snapshot. */
  snapshotValues: 300_000,
  /** Values in one catalog. */
  catalogValues: 4_000_000,
  /** Requests in one POST /resolutions. */
  requestsPerCall: 10_000,
  /** Requests in one POST /guest-cpuids; each answer has some 20 KB. */
  guestCpuidsPerCall: 64,
  /** The argument of `-cpu`. */
  cpuStringLength: 16_384,
  /** Numbers in a cube that is written as JSON; a larger one has its binary form only. */
  cubeJsonValues: 1_000_000,
  /** Names of models, machine types, features, hosts. */
  nameLength: 256,
  /** Free text: reasons, vulnerabilities, labels. */
  textLength: 8_192,
} as const;

interface ShapeLimit {
  readonly code: AtlasErrorCode;
  readonly values: number;
  readonly where: string | undefined;
}

/**
 * Refuses what is nested too deep or has too many values, without recursion, so that what follows may recurse.
 * Cycles count as too deep.
 * @throws the given code
 */
export function checkShapeLimits(value: unknown, limit: ShapeLimit): void {
  const pending: { readonly value: object; readonly depth: number }[] = [];
  let count = 1;
  if (typeof value === 'object' && value !== null) pending.push({ value, depth: 1 });
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const children: readonly unknown[] = Array.isArray(next.value) ? next.value : Object.values(next.value);
    count += children.length;
    if (count > limit.values) throw refusal(limit, `holds more than ${limit.values} values`);
    if (next.depth > limits.depth) throw refusal(limit, `is nested deeper than ${limits.depth} levels`);
    for (const child of children) {
      if (typeof child === 'object' && child !== null) pending.push({ value: child, depth: next.depth + 1 });
    }
  }
}

function refusal(limit: ShapeLimit, what: string): AtlasError {
  return new AtlasError(limit.code, `the document ${what}`, {
    where: limit.where,
    remedy: 'send a document of the documented shape; see docs/errors.md',
  });
}
