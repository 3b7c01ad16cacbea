import type { DeepReadonly } from './deep-readonly.ts';
import { type AtlasError, errorTable } from '@cpu-atlas/core';
import type { AtlasErrorCode } from '@cpu-atlas/core';
import { z } from './zod.ts';

export { errorTable };
export type { AtlasErrorCode };

const codes = Object.keys(errorTable).filter((key): key is AtlasErrorCode => key in errorTable);

/** RFC 9457 problem document with the stable code of the error table. */
export const problemSchema = z
  .object({
    type: z.string().describe('urn:cpu-atlas:error:CODE'),
    title: z.string(),
    status: z.number().int(),
    code: z.enum(codes),
    detail: z.string(),
    where: z.string().optional(),
    remedy: z.string().optional(),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457 problem document; code is stable, see docs/errors.md',
    example: {
      type: 'urn:cpu-atlas:error:HOST_NOT_FOUND',
      title: 'There is no such host',
      status: 404,
      code: 'HOST_NOT_FOUND',
      detail: 'there is no host of that id',
      where: 'node-x',
      remedy: 'take the id from GET /api/v1/hosts',
    },
  });

export type Problem = DeepReadonly<z.output<typeof problemSchema>>;

/** A fault as a problem document: nothing of it but what the error says on purpose, no stack, no cause. */
export function problemOf(error: AtlasError): Problem {
  const { status, title } = errorTable[error.code];
  return {
    type: `urn:cpu-atlas:error:${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    ...(error.where === undefined ? {} : { where: error.where }),
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  };
}
