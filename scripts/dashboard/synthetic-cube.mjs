// A cube of hosts and models, of which no two are alike: the largest grid that the dashboard is measured with.
import { encodeCube } from '@cpu-atlas/core';

export const hostCount = 2_000;
export const modelCount = 500;

/** Numbers that look random and are the same each time (mulberry32). */
function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Every host a kind of its own, every model a class of its own: nothing folds. */
function synthesiseCube() {
  const random = createRandom(1);
  const cells = hostCount * modelCount;
  const status = new Uint8Array(cells);
  const filteredCount = new Uint16Array(cells);
  for (let cell = 0; cell < cells; cell++) {
    const drawn = random();
    status[cell] = drawn < 0.4 ? 0 : drawn < 0.75 ? 1 : drawn < 0.95 ? 2 : 3;
    if (status[cell] === 1) filteredCount[cell] = 1 + Math.floor(random() * 40);
  }
  const numbers = (count, valueOf) => Array.from({ length: count }, (_, at) => valueOf(at));
  const sheet = {
    qemu: { version: '10.0.0', package: 'synthetic', catalog: `sha256:${'0'.repeat(64)}`, runsAs: null },
    models: numbers(modelCount, (at) => ({
      name: `Model-${Math.floor(at / 5)}-v${(at % 5) + 1}`,
      family: `${at % 2 === 0 ? 'AMD' : 'Intel'} family ${Math.floor(at / 20)}`,
      vendor: at % 2 === 0 ? 'AMD' : 'Intel',
      deprecated: false,
      asks: 100 + at,
    })),
    machines: [{ machines: ['pc-q35-10.0'], aliases: ['q35'], deprecated: false }],
    features: ['sse'],
    classCount: modelCount,
    columnCount: hostCount,
    classOf: Uint16Array.from(numbers(modelCount, (at) => at)),
    aliasOf: new Int16Array(modelCount).fill(-1),
    status,
    filteredCount,
    supported: new Uint8Array(hostCount).fill(1),
    supportUnknown: new Uint8Array(hostCount),
  };
  return {
    accel: 'kvm',
    kernelIrqchip: null,
    at: null,
    sheets: [sheet],
    fingerprints: numbers(hostCount, (at) => `fingerprint-${at}`),
    sheetOf: new Int16Array(hostCount),
    columnOf: Uint16Array.from(numbers(hostCount, (at) => at)),
    hosts: {
      ids: numbers(hostCount, (at) => `synthetic:${at}`),
      names: numbers(hostCount, (at) => `rack${Math.floor(at / 40)}-node${at % 40}`),
      fingerprintOf: Int32Array.from(numbers(hostCount, (at) => at)),
      freshness: new Uint8Array(hostCount),
    },
  };
}

/** The cube as the backend would send it. */
export function encodeSyntheticCube() {
  return Buffer.from(encodeCube(synthesiseCube()));
}
