import { describe, expect, it } from 'vitest';
import { BodyCodec } from './body-codec.ts';

const megabyte = 1024 * 1024;

describe('the codec of bodies', () => {
  it('packs JSON to a fraction, and gives it back, many at a time', async () => {
    const codec = new BodyCodec();
    const bodies = Array.from({ length: 20 }, (_, index) =>
      Buffer.from(JSON.stringify({ index, text: 'abc'.repeat(9_000) })),
    );
    const packed = await Promise.all(bodies.map((body) => codec.pack(body)));
    expect(packed.every((bytes) => bytes.byteLength < 1_000)).toBe(true);
    const unpacked = await Promise.all(packed.map((bytes) => codec.unpack(bytes, 'test')));
    expect(unpacked.map((body) => Buffer.from(body).toString())).toEqual(bodies.map(String));
  });

  const damages: readonly (readonly [string, (packed: Uint8Array) => Uint8Array])[] = [
    ['no longer there', () => new Uint8Array()],
    ['cut short', (packed) => packed.subarray(0, -3)],
    ['changed in one bit', (packed) => packed.map((byte, index) => (index === 40 ? byte ^ 1 : byte))],
    ['something else', () => Buffer.from('{"not":"packed"}')],
  ];
  it.each(damages)('tells that stored bytes are damaged when they are %s', async (_what, damage) => {
    const codec = new BodyCodec();
    const packed = await codec.pack(Buffer.from(JSON.stringify(Array.from({ length: 500 }, (_, index) => index * 7))));
    await expect(codec.unpack(damage(packed), 'sha256:1')).rejects.toMatchObject({
      code: 'STORE_FAILED',
      where: 'sha256:1',
    });
  });

  it('does not unpack more than a body may have', async () => {
    const codec = new BodyCodec();
    const bomb = await codec.pack(Buffer.alloc(65 * megabyte));
    await expect(codec.unpack(bomb, 'bomb')).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  it('refuses bodies when too many wait, and takes them again later', async () => {
    const codec = new BodyCodec();
    const waiting = [codec.pack(Buffer.alloc(40 * megabyte)), codec.pack(Buffer.alloc(20 * megabyte))];
    await expect(codec.pack(Buffer.alloc(10 * megabyte))).rejects.toMatchObject({ code: 'STORE_BUSY' });
    await Promise.all(waiting);
    await codec.pack(Buffer.alloc(10 * megabyte));
  });
});
