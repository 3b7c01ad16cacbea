import { AtlasError } from '@cpu-atlas/core';
import { checkShapeLimits, firstProblem, limits } from '@cpu-atlas/contract';
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';

/** Values in the largest request that is allowed: 10,000 resolutions with all their parts. */
const requestValues = limits.requestsPerCall * 24;

/** Validates a part of a request with its schema; the first problem becomes REQUEST_INVALID with its place. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'request' }) => {
  return (value: unknown) => {
    try {
      checkShapeLimits(value, { code: 'REQUEST_INVALID', values: requestValues, where: httpPart });
    } catch (error) {
      if (error instanceof AtlasError) return { error };
      throw error;
    }
    // Fastify says null for a body that is not there.
    const result = schema.safeParse(value ?? undefined);
    if (result.success) return { value: result.data };
    const { where, what } = firstProblem(result.error.issues, value);
    const error = new AtlasError('REQUEST_INVALID', what, { where: `${httpPart}: ${where}`, remedy: 'see /api/docs' });
    return { error };
  };
};

/**
 * Replies are written as they are: their types are checked by the compiler and their shapes by the tests, so that no
 * time goes into validating megabytes of our own making.
 */
export const serializerCompiler = () => (value: unknown) => JSON.stringify(value);
