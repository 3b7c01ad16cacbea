import { describe, expect, it } from 'vitest';
import { createAddressSet, isLoopbackAddress } from './address-set.ts';

const proxies = createAddressSet(['192.0.2.7', '10.1.0.0/16', '2001:db8::1', 'fd00::/8'], '--trusted-proxy');

describe('addresses', () => {
  it.each([
    ['192.0.2.7', true],
    ['::ffff:192.0.2.7', true],
    ['192.0.2.8', false],
    ['10.1.255.255', true],
    ['10.2.0.0', false],
    ['2001:db8::1', true],
    ['2001:db8:0:0:0:0:0:1', true],
    ['2001:db8::2', false],
    ['fdff::1', true],
    ['fe80::1', false],
    ['', false],
    ['localhost', false],
    ['192.0.2.7, 10.1.0.1', false],
  ])('%j is in the set: %s', (address, isIn) => expect(proxies.has(address)).toBe(isIn));

  it.each([
    '10.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'proxy.example',
    '10.0.0',
    '*',
    '',
  ])('%j is refused, because it names nobody or everybody', (member) =>
    expect(() => createAddressSet([member], '--trusted-proxy')).toThrow('neither an address nor a network'),
  );

  it('an empty set has nobody', () => {
    expect(createAddressSet([], '').isEmpty).toBe(true);
    expect(createAddressSet([], '').has('127.0.0.1')).toBe(false);
  });

  it.each([
    ['127.0.0.1', true],
    ['127.255.0.9', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['128.0.0.1', false],
    ['::2', false],
    ['127.0.0.1.example.com', false],
    ['127.1', false],
    ['', false],
  ])('%j is this machine: %s', (address, isLocal) => expect(isLoopbackAddress(address)).toBe(isLocal));
});
