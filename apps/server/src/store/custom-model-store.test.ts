import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from './open-store.ts';
import { engineCases, type StorePlaces } from './testing/engine-cases.ts';

describe.each(engineCases)('custom models: $title', ({ isAbsent, prepare }) => {
  if (isAbsent) return it.skip('an engine that is not installed is not tested', () => undefined);
  let places: StorePlaces;
  beforeAll(async () => {
    places = await prepare();
  }, 60_000);
  afterAll(() => places.close(), 60_000);

  it('versions count up without gaps, whoever saves at once, and stay when the model is removed', async () => {
    const store = await openStore(await places.newUrl());
    const { customModels } = store;
    const bodies = ['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}'];
    const save = (body: string): Promise<number> => customModels.save({ name: 'web', body, savedBy: 'local' });
    expect((await Promise.all(bodies.map(save))).sort()).toEqual([1, 2, 3, 4]);
    expect(await customModels.list()).toMatchObject([{ name: 'web', version: 4 }]);
    const second = await customModels.find('web', 2);
    expect(await customModels.remove('web', 'local')).toBe(true);
    expect(await customModels.remove('web', 'local')).toBe(false);
    expect([await customModels.list(), await customModels.find('web')]).toEqual([[], null]);
    expect(await customModels.find('web', 2)).toEqual(second);
    expect(await save('{"n":6}')).toBe(6);
    expect(await customModels.find('web')).toMatchObject({ version: 6, body: '{"n":6}', savedBy: 'local' });
    await store.close();
  }, 30_000);
});
