/** Where a model stands in lists: its vendor and the family of cores it belongs to. */
export interface ModelFamily {
  readonly vendor: 'AMD' | 'Intel' | 'Hygon' | 'Zhaoxin' | 'QEMU';
  readonly family: string;
}

/**
 * Beginnings of model names, longest wins. Names alone cannot tell (`pentium` is a name, `GenuineIntel` a property that
 * KVM replaces), so this is a list; a model that it lacks stands under its own name.
 * Source: QEMU 11.1, descriptions and definitions of its models
 */
const families: readonly (readonly [prefix: string, vendor: ModelFamily['vendor'], family: string])[] = [
  ['EPYC', 'AMD', 'AMD EPYC'],
  ['Opteron_', 'AMD', 'AMD Opteron'],
  ['athlon', 'AMD', 'AMD before Opteron'],
  ['phenom', 'AMD', 'AMD before Opteron'],
  ['Dhyana', 'Hygon', 'Hygon Dhyana'],
  ['YongFeng', 'Zhaoxin', 'Zhaoxin YongFeng'],
  ['Haswell', 'Intel', 'Intel Haswell'],
  ['Broadwell', 'Intel', 'Intel Broadwell'],
  ['Skylake-Client', 'Intel', 'Intel Skylake Client'],
  ['Skylake-Server', 'Intel', 'Intel Skylake Server'],
  ['Cascadelake', 'Intel', 'Intel Cascade Lake'],
  ['Cooperlake', 'Intel', 'Intel Cooper Lake'],
  ['Icelake', 'Intel', 'Intel Ice Lake'],
  ['SapphireRapids', 'Intel', 'Intel Sapphire Rapids'],
  ['GraniteRapids', 'Intel', 'Intel Granite Rapids'],
  ['DiamondRapids', 'Intel', 'Intel Diamond Rapids'],
  ['SierraForest', 'Intel', 'Intel Sierra Forest'],
  ['ClearwaterForest', 'Intel', 'Intel Clearwater Forest'],
  ['SandyBridge', 'Intel', 'Intel Sandy and Ivy Bridge'],
  ['IvyBridge', 'Intel', 'Intel Sandy and Ivy Bridge'],
  ['Nehalem', 'Intel', 'Intel Nehalem and Westmere'],
  ['Westmere', 'Intel', 'Intel Nehalem and Westmere'],
  ['Denverton', 'Intel', 'Intel Atom'],
  ['Snowridge', 'Intel', 'Intel Atom'],
  ['n270', 'Intel', 'Intel Atom'],
  ['KnightsMill', 'Intel', 'Intel Xeon Phi'],
  ['Conroe', 'Intel', 'Intel Core 2'],
  ['Penryn', 'Intel', 'Intel Core 2'],
  ['core2duo', 'Intel', 'Intel Core 2'],
  ['coreduo', 'Intel', 'Intel before Core 2'],
  ['pentium', 'Intel', 'Intel before Core 2'],
  ['486', 'Intel', 'Intel before Core 2'],
  ['qemu', 'QEMU', 'QEMU virtual'],
  ['kvm', 'QEMU', 'QEMU virtual'],
  ['max', 'QEMU', 'QEMU whole host'],
  ['host', 'QEMU', 'QEMU whole host'],
  ['base', 'QEMU', 'QEMU whole host'],
];

export function familyOf(model: string): ModelFamily {
  const match = families.find(([prefix]) => model.startsWith(prefix));
  return match ? { vendor: match[1], family: match[2] } : { vendor: 'QEMU', family: model.replace(/-v\d+$/, '') };
}

/** Compares names with their numbers as numbers: `v9` before `v10`. */
export const compareNames: (a: string, b: string) => number = new Intl.Collator('en', { numeric: true }).compare;

/** Compares names of machine types so that newer ones come first. */
export function newestFirst(a: string, b: string): number {
  return compareNames(b, a);
}
