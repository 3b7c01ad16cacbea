import { decodeText } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { writeDecoding } from './write-decoding.ts';

describe('a decoding as Markdown', () => {
  it('quotes the message, names the bit and lists what to do', () => {
    const text = writeDecoding(decodeText("guest CPU doesn't match specification: extra features: ht"));
    expect(text).toContain("> guest CPU doesn't match specification: extra features: ht");
    expect(text).toContain('- extra `ht` (CPUID.01H:EDX[28])');
    expect(text.match(/^1\. /gm)?.length).toBeGreaterThan(1);
  });
});
