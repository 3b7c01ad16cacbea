import { reportRequestSchema } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { routeTo } from '../../navigation/route.ts';
import { askReport } from './report-request.ts';
import { reportKinds } from './reports-fields.ts';

const stateOf = (change: Parameters<typeof routeTo<'reports'>>[1]) => {
  const route = routeTo('reports', change);
  if (route.view !== 'reports') throw new TypeError('another view');
  return route.state;
};

describe('what the address of a report asks for', () => {
  it.each(reportKinds)('%s: the backend takes it as it is', (kind) => {
    const asked = askReport(stateOf({ kind, hosts: ['a', 'b'] }));
    if (asked.kind !== 'ready') throw new TypeError(asked.missing);
    expect(reportRequestSchema.parse(asked.request)).toMatchObject({ kind, format: 'xlsx' });
  });

  it.each([
    ['a comparison of one host', { kind: 'comparison', hosts: ['a'] }, /two hosts/],
    ['a pivot of one axis', { kind: 'pivot', rows: 'host', columns: 'host' }, /two things/],
  ] as const)('%s is not complete', (_, change, missing) => {
    expect(askReport(stateOf(change))).toMatchObject({ kind: 'incomplete', missing: expect.stringMatching(missing) });
  });

  it('an irqchip means nothing under TCG, and is left out', () => {
    const asked = askReport(stateOf({ kind: 'pivot', accel: 'tcg', irqchip: 'off' }));
    expect(asked).not.toHaveProperty('request.kernelIrqchip');
  });
});
