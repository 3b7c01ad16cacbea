import { AtlasError, errorTable } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { problemOf, problemSchema } from './problem.ts';

describe('problemOf', () => {
  it.each(Object.keys(errorTable).filter((key): key is keyof typeof errorTable => key in errorTable))(
    'tells %s as its schema says',
    (code) => {
      const problem = problemOf(
        new AtlasError(code, 'what', { where: 'there', remedy: 'that', cause: new Error('secret') }),
      );
      expect(problemSchema.strict().parse(problem)).toEqual(problem);
      expect(problem).toMatchObject({
        type: `urn:cpu-atlas:error:${code}`,
        status: errorTable[code].status,
        where: 'there',
      });
      expect(JSON.stringify(problem)).not.toContain('secret');
    },
  );

  it('leaves out what the fault does not tell', () => {
    expect(problemOf(new AtlasError('INTERNAL', 'what'))).not.toHaveProperty('remedy');
  });
});
