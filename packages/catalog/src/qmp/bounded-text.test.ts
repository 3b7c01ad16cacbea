import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedText } from './bounded-text.ts';

function bounded(chunks: readonly string[], limitBytes: number): string {
  const text = new BoundedText(limitBytes);
  for (const chunk of chunks) text.append(Buffer.from(chunk));
  return text.toString();
}

test.each([
  { name: 'nothing is nothing', chunks: [], text: '' },
  { name: 'a short text is kept whole', chunks: ['ab', 'cd'], text: 'abcd' },
  { name: 'a text of exactly the limit is kept whole', chunks: ['abcde', 'fghij'], text: 'abcdefghij' },
  { name: 'a character across the halves is kept whole', chunks: ['abcdé', 'f'], text: 'abcdéf' },
  { name: 'of a longer one the middle goes', chunks: ['abcdefghijkl'], text: 'abcde\n… 2 bytes left out …\nhijkl' },
  { name: 'however it comes', chunks: [...'abcdefghijkl'], text: 'abcde\n… 2 bytes left out …\nhijkl' },
])('$name', ({ chunks, text }) => {
  expect(bounded(chunks, 10)).toBe(text);
});

test('the beginning and the end of any text are kept, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom(...'abcdef\n'), maxLength: 30 })), (chunks) => {
      const whole = chunks.join('');
      const cut = `${whole.slice(0, 8)}\n… ${whole.length - 16} bytes left out …\n${whole.slice(-8)}`;
      expect(bounded(chunks, 16)).toBe(whole.length <= 16 ? whole : cut);
    }),
  );
});

test('a million small pieces take time in proportion', () => {
  const text = new BoundedText(4 * 1024 * 1024);
  const piece = Buffer.from('warning\n');
  const started = performance.now();
  for (let i = 0; i < 1_000_000; i++) text.append(piece);
  expect(text.toString()).toContain('3805696 bytes left out');
  expect(performance.now() - started).toBeLessThan(5_000);
});
