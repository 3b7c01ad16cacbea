import { describe, expect, it } from 'vitest';
import type { OtherProperty } from '../catalog/catalog.ts';
import { parsePropertyValue } from './property-values.ts';

const parse = (property: OtherProperty, value: string, writtenAs = property.name): unknown =>
  parsePropertyValue({ kind: 'assign', name: writtenAs, value, at: 7 }, value, property);

const level: OtherProperty = { name: 'level', type: 'uint32' };
const microcode: OtherProperty = { name: 'ucode-rev', type: 'uint64' };
const limit: OtherProperty = { name: 'host-phys-bits-limit', type: 'uint8' };
const family: OtherProperty = { name: 'family', type: 'int' };
const place: OtherProperty = { name: 'socket-id', type: 'int32' };
const frequency: OtherProperty = { name: 'tsc-frequency', type: 'int' };
const check: OtherProperty = { name: 'check', type: 'bool' };
const vendor: OtherProperty = { name: 'vendor', type: 'string' };
const modelId: OtherProperty = { name: 'model-id', type: 'string' };
const sharing: OtherProperty = { name: 'hv-no-nonarch-coresharing', type: 'OnOffAuto' };
const words: OtherProperty = { name: 'feature-words', type: 'X86CPUFeatureWordInfo' };
const branchFormat: OtherProperty = { name: 'lbr-fmt', type: 'uint64' };
const memory: OtherProperty = { name: 'memory', type: 'str' };

// Source: QEMU 7.2.22, 10.0.13 and 11.1.3 runs with each of these values
describe('parsePropertyValue', () => {
  it.each([
    { name: 'a decimal number', property: level, value: '13', is: 13 },
    { name: 'a hexadecimal number', property: level, value: '0x1F', is: 31 },
    { name: 'an octal number', property: level, value: '010', is: 8 },
    { name: 'a zero', property: level, value: '0', is: 0 },
    { name: 'a plus sign', property: level, value: '+7', is: 7 },
    { name: 'a leading blank', property: level, value: ' 7', is: 7 },
    { name: 'the largest 32-bit number', property: level, value: '4294967295', is: 4294967295 },
    { name: 'the largest 8-bit number', property: limit, value: '255', is: 255 },
    {
      name: 'a large 64-bit number, as near as a double comes',
      property: microcode,
      value: '0xffffffffffffffff',
      is: 2 ** 64,
    },
    { name: 'a negative 64-bit number, counted down from 2^64', property: microcode, value: '-1', is: 2 ** 64 },
    {
      name: 'a negative number that comes around to a small one',
      property: level,
      value: '-18446744073709551615',
      is: 1,
    },
    { name: 'a negative number where the type has a sign', property: place, value: '-1', is: -1 },
    { name: 'the largest family', property: family, value: '270', is: 270 },
    { name: 'the widest format of branch records', property: branchFormat, value: '0x3f', is: 63 },
    { name: 'on', property: check, value: 'on', is: true },
    { name: 'yes', property: check, value: 'yes', is: true },
    { name: 'n', property: check, value: 'n', is: false },
    { name: 'a vendor of twelve characters', property: vendor, value: 'GenuineIntel', is: 'GenuineIntel' },
    { name: 'a model-id, cut to 48 characters', property: modelId, value: 'a'.repeat(60), is: 'a'.repeat(48) },
    { name: 'an empty model-id', property: modelId, value: '', is: '' },
    { name: 'auto', property: sharing, value: 'auto', is: 'auto' },
    { name: 'a frequency, in whole kilohertz', property: frequency, value: '2500000999', is: 2_500_000_000 },
    { name: 'a frequency below one kilohertz as none', property: frequency, value: '999', is: 0 },
  ])('takes $name', ({ property, value, is }) => {
    expect(parse(property, value)).toBe(is);
  });

  it.each([
    { name: 'gigahertz', value: '2.5G', is: 2_500_000_000 },
    { name: 'kilohertz in small letters', value: '3k', is: 3000 },
    { name: 'a fraction that is cut', value: '1.5k', is: 1000 },
    { name: 'an exa, which is no exponent', value: '1e', is: 1e18 },
    { name: 'plain hertz', value: '5000', is: 5000 },
    { name: 'leading zeros as decimal', value: '010', is: 0 },
  ])('takes tsc-freq in $name', ({ value, is }) => {
    expect(parse(frequency, value, 'tsc-freq')).toBe(is);
  });

  it.each([
    { name: 'an empty number', property: level, value: '' },
    { name: 'a word for a number', property: level, value: 'on' },
    { name: 'a trailing blank', property: level, value: '7 ' },
    { name: 'a fraction', property: level, value: '1.5' },
    { name: 'an exponent', property: level, value: '1e1' },
    { name: 'a bare 0x', property: level, value: '0x' },
    { name: 'a bad octal digit', property: level, value: '08' },
    { name: 'a negative number where the type has no sign', property: level, value: '-1' },
    { name: 'more than 32 bits', property: level, value: '4294967296' },
    { name: 'more than 8 bits', property: limit, value: '256' },
    { name: 'more than 64 bits', property: microcode, value: '18446744073709551616' },
    { name: 'too large a family', property: family, value: '271' },
    { name: 'too wide a format of branch records', property: branchFormat, value: '0x40' },
    { name: 'a negative frequency', property: frequency, value: '-1' },
    { name: 'a unit of tsc-frequency', property: frequency, value: '1G' },
    { name: 'ON', property: check, value: 'ON' },
    { name: '1 for a boolean', property: check, value: '1' },
    { name: 'a name of every object for a boolean', property: check, value: 'constructor' },
    { name: 'a short vendor', property: vendor, value: 'Intel' },
    { name: 'a vendor of twelve letters but thirteen bytes', property: vendor, value: 'abcdefghijké' },
    { name: 'AUTO', property: sharing, value: 'AUTO' },
    { name: 'a property that can only be read', property: words, value: '1' },
    { name: 'a link that only QEMU sets', property: memory, value: '/machine' },
  ])('refuses $name with its code and place', ({ property, value }) => {
    expect(() => parse(property, value)).toThrow(
      expect.objectContaining({
        code: 'CPU_PROPERTY_INVALID',
        where: '-cpu, character 8',
        remedy: expect.stringMatching(/^give /),
      }),
    );
  });

  it.each(['1.5', '', '1kb', '1e3', '-1', '20E'])('refuses tsc-freq=%s', (value) => {
    expect(() => parse(frequency, value, 'tsc-freq')).toThrow(
      expect.objectContaining({ code: 'CPU_PROPERTY_INVALID' }),
    );
  });
});
