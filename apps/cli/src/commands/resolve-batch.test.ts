import { Readable, Writable } from 'node:stream';
import { AtlasError } from '@cpu-atlas/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answerer } from '../answerer.ts';
import { resolveBatch } from './resolve-batch.ts';

/** No question has an answer here: what is tested is the way lines go in and out. */
const silent: Answerer = {
  prepare: async () => {
    throw new AtlasError('CATALOG_NOT_FOUND', 'none');
  },
  answer: async () => {
    throw new AtlasError('CATALOG_NOT_FOUND', 'none', { where: 'here' });
  },
};

async function run(chunks: readonly (string | Buffer)[]): Promise<{ code: number; lines: Record<string, unknown>[] }> {
  let text = '';
  const out = new Writable({
    highWaterMark: 16,
    write: (chunk: Buffer, _, done) => {
      text += chunk.toString();
      setImmediate(done);
    },
  });
  const code = await resolveBatch({
    input: Readable.from(chunks, { objectMode: false }),
    terminal: { out },
    answerer: silent,
    snapshot: undefined,
    catalog: undefined,
    isExplained: false,
  });
  return {
    code,
    lines: text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const question = { accel: 'tcg', machine: 'q35', cpu: 'max' };

describe('resolveBatch', () => {
  it('gives each line that is not blank exactly one answer, in order, however the input is cut into pieces', async () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ' ')),
      fc.json({ maxDepth: 3 }).map((text) => text.replaceAll('\n', ' ')),
      fc.jsonValue().map((id) => JSON.stringify({ id, ...question })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 50 }), async (lines, size) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
          bytes.subarray(at * size, (at + 1) * size),
        );
        const { lines: answers } = await run(chunks);
        const asked = bytes
          .toString()
          .split('\n')
          .filter((text) => text.trim() !== '');
        expect(answers).toHaveLength(asked.length);
        answers.forEach(({ id, error }, at) => {
          expect(error).toHaveProperty('code');
          expect(id).toEqual(idOf(asked[at] ?? '') ?? null);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('keeps no more of a line without end than the limit', async () => {
    const { code, lines } = await run([
      ...new Array<string>(64).fill('x'.repeat(65_536)),
      '\n',
      JSON.stringify({ id: 7, ...question }),
      '\n',
    ]);
    expect(lines).toMatchObject([
      { id: null, error: { code: 'REQUEST_TOO_LARGE' } },
      { id: 7, error: { where: 'stdin line 2: here' } },
    ]);
    expect(code).toBe(2);
  });

  it('keeps characters whole that are cut between two pieces', async () => {
    const bytes = Buffer.from(`${JSON.stringify({ id: 'ü€😀', ...question })}\n`);
    const { lines } = await run([...bytes].map((byte) => Buffer.from([byte])));
    expect(lines[0]?.['id']).toBe('ü€😀');
  });
});

function idOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, 'id')
      ? Reflect.get(value, 'id')
      : undefined;
  } catch {
    return undefined;
  }
}
