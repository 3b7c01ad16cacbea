import { AtlasError } from '@cpu-atlas/core';
import type { ResolutionRequest } from '@cpu-atlas/core';
import { parseJsonText } from './json-text.ts';
import { checkShapeLimits, limits } from './limits.ts';
import { parseWith } from './parse.ts';
import { kernelIrqchipSchema, smpTopologySchema } from './resolution.ts';
import { parseSmp } from './smp.ts';
import { z } from './zod.ts';

const absentWhenNull = (value: unknown): unknown => (value === null || value === '' ? undefined : value);

/** One line of `cpu-atlas resolve --batch`. Extra keys are ignored; null counts as left out. */
export const batchLineSchema = z.object({
  id: z.unknown().optional(),
  snapshot: z.preprocess(absentWhenNull, z.string().max(4_096).optional()),
  catalog: z.preprocess(absentWhenNull, z.string().max(4_096).optional()),
  accel: z.string().max(limits.nameLength),
  machine: z.string().min(1).max(limits.nameLength),
  cpu: z.string().max(limits.cpuStringLength),
  kernelIrqchip: z.preprocess(absentWhenNull, kernelIrqchipSchema.optional()),
  smp: z.preprocess(
    absentWhenNull,
    z.union([z.number().int().min(0).max(65_536), z.string().max(limits.nameLength), smpTopologySchema]).optional(),
  ),
});

/** A batch line as understood: `snapshot` and `catalog` as given (paths, versions, hashes), the rest checked. */
export interface BatchRequest {
  /** As given; undefined when the line has none. */
  readonly id: unknown;
  readonly snapshot: string | undefined;
  readonly catalog: string | undefined;
  readonly request: ResolutionRequest;
}

/** A batch line or why it cannot be answered; the id is kept wherever it could be read. */
export type BatchLine =
  | { readonly kind: 'request'; readonly value: BatchRequest }
  | { readonly kind: 'fault'; readonly id: unknown; readonly error: AtlasError };

/** Never throws: a bad line is answered on its own line. `source` names the line, as in `stdin line 3`. */
export function parseBatchLine(line: string, source: string): BatchLine {
  let id: unknown = undefined;
  try {
    const value = parseJsonText(line, { code: 'REQUEST_INVALID', source });
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && 'id' in value) id = value.id;
    checkShapeLimits(value, { code: 'REQUEST_INVALID', values: 10_000, where: source });
    return { kind: 'request', value: toRequest(value, id, source) };
  } catch (cause) {
    return { kind: 'fault', id, error: asAtlasError(cause, source) };
  }
}

function toRequest(value: unknown, id: unknown, source: string): BatchRequest {
  const line = parseWith(batchLineSchema, value, {
    code: 'REQUEST_INVALID',
    source,
    remedy:
      'send {"id","snapshot":PATH,"catalog":PATH-or-version,"accel","machine","cpu","kernelIrqchip"}; see docs/cli.md',
  });
  return {
    id,
    snapshot: line.snapshot,
    catalog: line.catalog,
    request: {
      accel: parseAccelerator(line.accel, `${source}: $.accel`),
      machine: line.machine,
      cpu: line.cpu,
      kernelIrqchip: line.kernelIrqchip,
      smp: readSmp(line.smp, `${source}: $.smp`),
    },
  };
}

/**
 * A word to an accelerator.
 * @throws ACCELERATOR_UNKNOWN
 */
export function parseAccelerator(word: string, where: string): ResolutionRequest['accel'] {
  if (word === 'kvm' || word === 'tcg') return word;
  throw new AtlasError('ACCELERATOR_UNKNOWN', `${JSON.stringify(word.slice(0, 60))} is not kvm or tcg`, {
    where,
    remedy: 'choose kvm or tcg',
  });
}

function readSmp(smp: z.output<typeof batchLineSchema>['smp'], source: string): ResolutionRequest['smp'] {
  if (typeof smp === 'number') return { cpus: smp };
  return typeof smp === 'string' ? parseSmp(smp, source) : smp;
}

function asAtlasError(cause: unknown, where: string): AtlasError {
  if (cause instanceof AtlasError) return cause;
  return new AtlasError('INTERNAL', 'a defect in CPU Atlas while it read the line', {
    where,
    remedy: 'report it with this line',
    cause,
  });
}
