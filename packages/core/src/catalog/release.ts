import { AtlasError } from '../errors.ts';

/** A QEMU release as one number that compares: major, minor and micro, three digits each (9.2.1 is 9002001). */
export type QemuRelease = number & { readonly [releaseBrand]: true };
declare const releaseBrand: unique symbol;

/** Reads a version. A development version such as `10.0.50` stands before 10.1.0 and after every 10.0. @throws CATALOG_INVALID */
export function releaseOf(version: string): QemuRelease {
  const match = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?/.exec(version);
  if (!match) throw new AtlasError('CATALOG_INVALID', `"${version}" is not a QEMU version`, { where: 'qemu.version' });
  return (Number(match[1]) * 1_000_000 + Number(match[2]) * 1000 + Number(match[3] ?? 0)) as QemuRelease;
}
