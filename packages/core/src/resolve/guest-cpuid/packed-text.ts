/** UTF-8, as QEMU keeps texts. */
export function utf8(text: string): number[] {
  return [...text].flatMap((character) => {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x80) return [point];
    const tail = (shift: number): number => 0x80 | ((point >> shift) & 0x3f);
    if (point < 0x800) return [0xc0 | (point >> 6), tail(0)];
    if (point < 0x10000) return [0xe0 | (point >> 12), tail(6), tail(0)];
    return [0xf0 | (point >> 18), tail(12), tail(6), tail(0)];
  });
}

/** A text of up to 12 bytes as three words, the first byte the lowest; what is missing is 0. */
export function packText(text: string): readonly [first: number, second: number, third: number] {
  const bytes = utf8(text);
  const word = (at: number): number => [3, 2, 1, 0].reduce((sum, i) => (sum << 8) | (bytes[at + i] ?? 0), 0) >>> 0;
  return [word(0), word(4), word(8)];
}
