import { describe, expect, it } from 'vitest';
import * as contract from './index.ts';
import { z } from './zod.ts';

/** Every exported schema that shows an example, by its id. */
const shown = Object.values(contract).flatMap((schema): [id: string, schema: z.ZodType, example: unknown][] => {
  if (!(schema instanceof z.ZodType)) return [];
  const { id, example } = schema.meta() ?? {};
  return example === undefined ? [] : [[id ?? 'without an id', schema, example]];
});

describe('examples of the API', () => {
  it.each(shown)('%s takes its own example', (_, schema, example) => {
    expect(schema.safeParse(example).error).toBeUndefined();
  });

  it('what people send is shown', () => {
    const ids = shown.map(([id]) => id);
    expect(ids).toEqual(
      expect.arrayContaining([
        ...['TokenRequest', 'HostChange', 'ProbeRequest', 'DecodingRequest', 'BaselineRequest', 'CustomModelContent'],
        ...['CustomModelCheckRequest', 'ComparisonRequest', 'ResolutionsRequest', 'GuestCpuidsRequest'],
        ...['VerificationRequest', 'PolicyRequest', 'Heartbeat', 'CommandOutcome', 'SessionRequest'],
        ...['PlanRequest', 'VmsRequest', 'CpuComparisonRequest'],
      ]),
    );
  });
});
