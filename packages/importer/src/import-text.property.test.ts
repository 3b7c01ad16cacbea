import { AtlasError } from '@cpu-atlas/core';
import { parseSnapshot } from '@cpu-atlas/contract';
import { zipSync } from 'fflate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importText } from './import-text.ts';
import { listCorpus, options, readCorpus } from './testing/seed-corpus.ts';

/** Imports; what may be thrown is a fault of an import, with a place. What is imported must be a valid snapshot. */
function importOrRefuse(input: string | Uint8Array): void {
  try {
    const { snapshots } = importText(input, options);
    expect(snapshots.length).toBeGreaterThan(0);
    for (const snapshot of snapshots) expect(parseSnapshot(snapshot)).toEqual(snapshot);
  } catch (error) {
    if (!(error instanceof AtlasError)) throw error;
    expect(error.code).toMatch(/^(?:IMPORT_\w+|SNAPSHOT_INVALID|FILE_TOO_LARGE)$/);
    expect(error.where ?? '').toMatch(/^paste/);
  }
}

const seeds = [
  ...listCorpus().map((file) => readCorpus(file)),
  ...listCorpus('hostile').map((file) => readCorpus('hostile', file)),
].filter((seed) => seed.length < 20_000);
const archives = seeds
  .slice(0, 6)
  .map((seed, index) => zipSync({ [`${index}.txt`]: seed, 'b/c': seed.subarray(0, 100) }));

const seed = fc.constantFrom(...seeds, ...archives);
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

interface Damage {
  readonly kind: 'cut' | 'drop' | 'repeat' | 'flip' | 'splice';
  readonly at: number;
  readonly length: number;
  readonly other: Uint8Array;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('cut', 'drop', 'repeat', 'flip', 'splice'),
  at: place,
  length: fc.integer({ min: 1, max: 200 }),
  other: fc.oneof(seed, fc.uint8Array({ maxLength: 40 })),
});

function spoil(bytes: Uint8Array, { kind, at, length, other }: Damage): Uint8Array {
  const start = Math.floor(at * bytes.length);
  const [before, part, after] = [
    bytes.subarray(0, start),
    bytes.subarray(start, start + length),
    bytes.subarray(start + length),
  ];
  switch (kind) {
    case 'cut':
      return before;
    case 'drop':
      return Buffer.concat([before, after]);
    case 'repeat':
      return Buffer.concat([before, part, part, after]);
    case 'flip':
      return bytes.map((byte, index) => (index === start ? byte ^ (1 << (length % 8)) : byte));
    case 'splice':
      return Buffer.concat([before, other.subarray(0, length), after]);
  }
}

describe('whatever is imported', () => {
  it('garbage text gives hosts or a fault of the import, never anything else', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.json()), importOrRefuse), {
      numRuns: 500,
    });
  });

  it('garbage bytes, too', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), importOrRefuse), { numRuns: 500 });
  });

  it('so does garbage that looks like a format', () => {
    const openings = [
      'CPU 0:\n   0x00000000 0x00: eax=0x',
      'processor\t: 0\nvendor_id\t: ',
      '<capabilities>',
      "<cpudata arch='x86'>",
      '{"return": ',
      'PK\x03\x04',
      '<?xml',
    ];
    const texts = fc
      .tuple(fc.constantFrom(...openings), fc.string({ unit: 'binary-ascii', maxLength: 200 }))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, fc.boolean(), (text, asBytes) => importOrRefuse(asBytes ? Buffer.from(text) : text)),
      { numRuns: 500 },
    );
  });

  it('real texts that are cut, dropped from, repeated, flipped and mixed, too', () => {
    const damaged = fc.tuple(seed, fc.array(damage, { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(damaged, ([bytes, damages]) => importOrRefuse(damages.reduce(spoil, bytes))),
      { numRuns: 600 },
    );
  }, 60_000);

  it('gives the same result each time', () => {
    fc.assert(
      fc.property(seed, damage, (bytes, kind) => {
        const input = spoil(bytes, kind);
        const outcome = (): string => {
          try {
            return JSON.stringify(importText(input, options));
          } catch (error) {
            return String(error);
          }
        };
        expect(outcome()).toBe(outcome());
      }),
      { numRuns: 50 },
    );
  });
});

describe('large input', () => {
  const row = '   0x00000007 0x00: eax=0x00000000 ebx=0x00000000 ecx=0x00000000 edx=0x00000000\n';
  const megabytes = 4;
  const fill = (text: string): string => text.repeat(Math.ceil((megabytes * 1024 * 1024) / text.length));
  const cases: readonly { readonly what: string; readonly text: () => string }[] = [
    { what: 'one line', text: () => fill('a') },
    { what: 'white space', text: () => fill(' ') },
    { what: 'empty lines', text: () => fill('\n') },
    { what: 'empty lines before text', text: () => `${fill('\n')}x` },
    { what: 'indented lines', text: () => `x${fill('\n      ')}x` },
    { what: 'names of keys', text: () => fill('processor\n\n\n\n') },
    { what: 'CPU headers', text: () => fill('CPU 0:\n') },
    { what: 'cpuid rows', text: () => `CPU 0:\n${fill(row)}` },
    { what: 'a cpuid row without end', text: () => `CPU 0:\n${row}   0x${fill('0')}` },
    { what: 'processors', text: () => fill('processor\t: 0\nvendor_id\t: x\n') },
    {
      what: 'a line of flags',
      text: () => `processor : 0\nvendor_id : GenuineIntel\ncpu family : 6\nmodel : 1\nflags : ${fill('fpu ')}`,
    },
    { what: 'open brackets', text: () => `{"return":${fill('[')}` },
    { what: 'a JSON string without end', text: () => `{"return":"${fill('\\"')}` },
    { what: 'empty JSON objects', text: () => fill('{}\n') },
    { what: 'JSON objects on one line', text: () => `${'{} '.repeat(9000)}{"return":"${fill('a')}"}` },
    { what: 'JSON numbers', text: () => `{"return":[${fill('1,')}1]}` },
    { what: 'JSON that is wrong at its end', text: () => `{"return":"${fill('a')}",}` },
    { what: 'open elements', text: () => fill('<capabilities>') },
    { what: 'empty elements', text: () => `<capabilities>${fill('<a/>')}</capabilities>` },
    {
      what: 'attributes',
      text: () => `<capabilities ${Array.from({ length: 200_000 }, (_, i) => `a${i}=''`).join(' ')}/>`,
    },
    { what: 'comments before the root', text: () => fill('<!---->') },
    { what: 'ampersands', text: () => `<capabilities>${fill('&amp;')}</capabilities>` },
    { what: 'an entity without end', text: () => `<capabilities>&${fill('a')}` },
    { what: 'a snapshot without end', text: () => `{"schema":"cpu-atlas/host-snapshot/1","x":[${fill('[],')}[]]}` },
  ];

  it.each(cases)(`of ${megabytes} MB of $what is refused or read within 3 s`, ({ text }) => {
    const input = text();
    const startMs = performance.now();
    importOrRefuse(input);
    expect(performance.now() - startMs).toBeLessThan(3000);
  });

  it('above the limit is refused at once', () => {
    expect(() => importText('a'.repeat(17 * 1024 * 1024), options)).toThrow(
      expect.objectContaining({ code: 'IMPORT_TOO_LARGE' }),
    );
  });
});
