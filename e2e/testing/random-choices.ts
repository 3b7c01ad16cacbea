import type { Catalog, PolicyFeature } from '@cpu-atlas/core';

/** The same numbers in each run. Source: mulberry32, public domain. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** A CPU and the hosts that it is for. */
export interface PoolChoice<Host> {
  readonly model: string;
  readonly features: readonly PolicyFeature[];
  readonly hosts: readonly Host[];
}

/** 50 choices of a model, up to three features on or off, and one to three hosts. */
export function randomChoices<Host>(catalog: Catalog, hosts: readonly Host[]): readonly PoolChoice<Host>[] {
  const models = catalog.models.map(({ name }) => name).filter((name) => !['base', 'host', 'max'].includes(name));
  const random = createRandom(20_261_122);
  return Array.from({ length: 50 }, () => {
    const features = new Map<string, boolean>();
    for (let count = random(4); count > 0; count--)
      features.set(catalog.features[random(catalog.features.length)].name, random(2) === 0);
    return {
      model: models[random(models.length)],
      features: [...features].map(([name, isOn]) => ({ name, isOn })),
      hosts: Array.from({ length: 1 + random(3) }, () => hosts[random(hosts.length)]),
    };
  });
}
