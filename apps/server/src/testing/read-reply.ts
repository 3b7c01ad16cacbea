import { problemSchema } from '@cpu-atlas/contract';
import type { LightMyRequestResponse } from 'fastify';
import { expect } from 'vitest';
import type { z } from 'zod';

/** The body, checked against the documented shape: nothing missing, nothing undocumented. */
export function read<T>(response: LightMyRequestResponse, schema: z.ZodType<T>, status = 200): T {
  expect(response.statusCode, response.body.slice(0, 500)).toBe(status);
  const body: unknown = response.json();
  const parsed = schema.parse(body);
  expect(parsed).toEqual(body);
  return parsed;
}

/** The body as the problem document that was expected. */
export function readProblem(
  response: LightMyRequestResponse,
  status: number,
  code: string,
): z.output<typeof problemSchema> {
  expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  const problem = read(response, problemSchema, status);
  expect(problem).toMatchObject({ status, code, type: `urn:cpu-atlas:error:${code}` });
  return problem;
}
