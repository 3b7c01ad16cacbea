import { AtlasError } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { FaultError, faultOf, readProblem } from './fault.ts';

describe('readProblem', () => {
  it.each([
    ['no object', 'text', null],
    ['null', null, null],
    ['an object without a code', { title: 'x' }, null],
    [
      'a problem document',
      { type: 'urn:x', title: 'T', status: 409, code: 'VERIFY_BUSY', detail: 'D', remedy: 'wait' },
      { code: 'VERIFY_BUSY', title: 'T', detail: 'D', where: undefined, remedy: 'wait' },
    ],
    [
      'a problem without detail: the title stands for it',
      { title: 'T', code: 'INTERNAL', detail: 7 },
      { code: 'INTERNAL', title: 'T', detail: 'T', where: undefined, remedy: undefined },
    ],
  ])('reads %s', (_name, body, expected) => {
    expect(readProblem(body)).toEqual(expected);
  });
});

describe('faultOf', () => {
  it('keeps the fault that a request threw', () => {
    const fault = { code: 'HOST_NOT_FOUND', title: 't', detail: 'd' };
    expect(faultOf(new FaultError(fault))).toBe(fault);
  });

  it('shows code, coordinates and remedy of the core', () => {
    const thrown = new AtlasError('CATALOG_INVALID', 'is damaged', { where: '$.words', remedy: 'harvest again' });
    expect(faultOf(thrown)).toMatchObject({ code: 'CATALOG_INVALID', where: '$.words', remedy: 'harvest again' });
  });

  it('calls anything else a defect', () => {
    expect(faultOf(new TypeError('x is undefined'))).toMatchObject({ code: 'INTERNAL', detail: 'x is undefined' });
  });
});
