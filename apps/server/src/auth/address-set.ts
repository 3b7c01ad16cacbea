import { BlockList, isIP } from 'node:net';
import { AtlasError } from '@cpu-atlas/core';

export interface AddressSet {
  readonly isEmpty: boolean;
  has(address: string): boolean;
}

/**
 * A set of IP addresses and of networks (`10.0.0.0/8`, `fd00::/8`).
 * @throws USAGE_INVALID
 */
export function createAddressSet(members: readonly string[], where: string): AddressSet {
  const list = new BlockList();
  for (const member of members) {
    if (!addMember(list, member)) {
      throw new AtlasError('USAGE_INVALID', `${JSON.stringify(member)} is neither an address nor a network`, {
        where,
        remedy: 'write 192.0.2.7, 10.0.0.0/8 or fd00::/8',
      });
    }
  }
  return {
    isEmpty: members.length === 0,
    has: (address) => {
      const plain = plainAddress(address);
      const family = isIP(plain);
      return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
    },
  };
}

function addMember(list: BlockList, member: string): boolean {
  const [address = '', length, ...rest] = member.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  const most = family === 4 ? 32 : 128;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  // A network of all addresses would believe everybody.
  if (!(bits >= 1 && bits <= most)) return false;
  list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  return true;
}

/** IPv4 in the clothes of IPv6, as a socket that listens on both tells it. Source: RFC 4291 §2.5.5.2 */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

/** Whether an address of a peer is of this very machine. Source: RFC 1122 §3.2.1.3, RFC 4291 §2.5.3 */
export function isLoopbackAddress(address: string): boolean {
  const plain = plainAddress(address);
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}
