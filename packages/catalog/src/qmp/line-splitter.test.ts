import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

function split(chunks: readonly Buffer[], limitBytes = 1 << 20): { lines: readonly string[]; unfinished: number } {
  const splitter = new LineSplitter(limitBytes);
  const lines = chunks.flatMap((chunk) => [...splitter.push(chunk)].map((line) => line.toString('utf8')));
  return { lines, unfinished: splitter.unfinishedBytes };
}

test('any way of cutting the stream gives the same lines', () => {
  const text = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '😀', '"', '{') }), { maxLength: 20 });
  fc.assert(
    fc.property(text, fc.array(fc.nat(40)), (lines, cuts) => {
      const stream = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const points = [0, ...cuts.map((cut) => Math.min(cut, stream.length)).sort((a, b) => a - b), stream.length];
      const chunks = points.slice(1).map((end, i) => stream.subarray(points[i], end));
      expect(split(chunks)).toEqual({ lines, unfinished: 0 });
    }),
  );
});

test('what follows the last newline waits', () => {
  expect(split([Buffer.from('one\ntw'), Buffer.from('o')])).toEqual({ lines: ['one'], unfinished: 3 });
});

test.each([
  { name: 'in one chunk', chunks: ['x'.repeat(11)] },
  { name: 'in many chunks', chunks: ['x'.repeat(6), 'x'.repeat(5)] },
  { name: 'with its newline', chunks: [`${'x'.repeat(11)}\n`] },
])('a line over the limit is refused ($name)', ({ chunks }) => {
  const pushAll = (): unknown =>
    split(
      chunks.map((chunk) => Buffer.from(chunk)),
      10,
    );
  expect(pushAll).toThrow(expect.objectContaining({ code: 'QMP_PROTOCOL' }));
});

test('a line of exactly the limit passes', () => {
  expect(split([Buffer.from(`${'x'.repeat(10)}\n`)], 10).lines).toHaveLength(1);
});

test('64 MiB in chunks of 64 KiB take time in proportion', () => {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const started = performance.now();
  const { lines } = split([...Array<Buffer>(1024).fill(chunk), Buffer.from('\n')], 65 * 1024 * 1024);
  expect(lines[0]).toHaveLength(64 * 1024 * 1024);
  expect(performance.now() - started).toBeLessThan(5_000);
});
