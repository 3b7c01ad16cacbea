import { holds } from '../rules.ts';
import { intel, isIntelLike } from '../vendors.ts';
import { both, either, known, notKnown, only, registers, zeros, type Bits, type Registers } from './bits.ts';
import { isOn, type GuestCpu, type LeafReader } from './guest-cpu.ts';
import { packText, utf8 } from './packed-text.ts';
import { addsThreadBits, packageField, packageSizeField } from './topology-leaves.ts';

const bit = (number: number): number => (1 << number) >>> 0;
const without = (bits: Bits, mask: number): Bits => only(bits, ~mask >>> 0);

/** A number that may depend on a host that is not known. */
const field = (value: number | null, mask: number, at = 0): Bits =>
  value === null ? notKnown(mask << at) : known((value & mask) << at);

const levelField = (cpu: GuestCpu, level: number): Bits => (cpu.areLevelsOpen ? notKnown() : known(level));
const levelsWhy = 'the highest leaves are those of the host, which was not observed';

/** Leaf 0: highest leaf and vendor. */
export const readVendor: LeafReader = (cpu) => {
  const [ebx, edx, ecx] = packText(cpu.vendor);
  return { ...registers(0, ebx, ecx, edx), eax: levelField(cpu, cpu.level), why: levelsWhy };
};

const pdcm = bit(15);
const hyperThreading = bit(28);

/** Leaf 1: signature, APIC id, features. */
export const readBasics: LeafReader = (cpu) => {
  const ecx = cpu.word('1.ECX');
  const losesPdcm = !isOn(cpu, 'pmu') && cpu.properties['x-pdcm-on-even-without-pmu'] !== false;
  const edx = cpu.word('1.EDX');
  return {
    eax: cpu.signature,
    ebx: known(packageField(cpu)),
    ecx: losesPdcm ? without(ecx, pdcm) : ecx,
    edx: addsThreadBits(cpu).ht ? either(edx, known(hyperThreading)) : edx,
    why: 'signature or features of the host are not known',
  };
};

/** Flags of MONITOR that every guest gets: its extensions, and interrupts as events. Source: Intel SDM vol. 2A, leaf 05H */
const monitorFlags = 0b11;

/** Leaf 5: MONITOR. What `-overcommit cpu-pm=on` would add is not asked for. */
export const readMonitor: LeafReader = () => registers(0, 0, monitorFlags);

/** A leaf of nothing but feature words. */
function readWords(cpu: GuestCpu, leaf: string): Registers {
  const word = (register: string): Bits => cpu.word(`${leaf}.${register}`);
  return {
    eax: word('EAX'),
    ebx: word('EBX'),
    ecx: word('ECX'),
    edx: word('EDX'),
    why: 'features of the host are not known',
  };
}

/** Leaf 6: power management. */
export const readPower: LeafReader = (cpu) => readWords(cpu, '6');

const sgx = bit(2);
const sgxLaunch = bit(30);

/** Leaf 7: structured features. */
export const readStructured: LeafReader = (cpu, subleaf) => {
  const words = readWords(cpu, `7.${subleaf}`);
  if (subleaf > 0) return words;
  const first = { ...words, eax: known(cpu.level7) };
  if (!holds('sgxCutFromLeaf', cpu.release)) return first;
  const offered = cpu.supported(7, 0);
  const ebx = either(without(first.ebx, sgx), only(both(first.ebx, offered.ebx), sgx));
  const hasSgx = (ebx.ones & sgx) !== 0;
  const launch = hasSgx ? only(both(first.ecx, offered.ecx), sgxLaunch) : known(0);
  return { ...first, ebx, ecx: either(without(first.ecx, sgxLaunch), launch) };
};

/** Leaf 80000000H: highest extended leaf and, unless the vendor is Intel-like, the vendor again. */
export const readExtendedVendor: LeafReader = (cpu) => {
  const isEmpty = isOn(cpu, 'x-vendor-cpuid-only-v2') && isIntelLike(cpu.vendor);
  const [ebx, edx, ecx] = isEmpty ? [0, 0, 0] : packText(cpu.vendor);
  return { ...registers(0, ebx, ecx, edx), eax: levelField(cpu, cpu.xlevel), why: levelsWhy };
};

const cmpLegacy = bit(1);
const syscall = bit(11);

/** Leaf 80000001H: AMD's features. */
export const readExtendedFeatures: LeafReader = (cpu) => {
  const { ecx, edx, why } = readWords(cpu, '80000001');
  const hidesSyscall = !cpu.isKvm && cpu.vendor === intel && holds('syscallHiddenAtStart', cpu.release);
  return {
    eax: cpu.signature,
    ebx: known(0),
    ecx: addsThreadBits(cpu).cmpLegacy ? either(ecx, known(cmpLegacy)) : ecx,
    edx: hidesSyscall ? without(edx, syscall) : edx,
    ...(why === undefined ? {} : { why }),
  };
};

const brandBytes = 48;

/** Leaves 80000002H to 80000004H: the brand string, 16 bytes each. */
export function readBrand(leaf: number): LeafReader {
  const at = (leaf - 0x80000002) * 16;
  return ({ brand }) => {
    if (brand === null) {
      const why = 'the name of the host CPU is not known';
      return { eax: notKnown(), ebx: notKnown(), ecx: notKnown(), edx: notKnown(), why };
    }
    const bytes = utf8(brand).slice(0, brandBytes);
    const word = (n: number): number => [3, 2, 1, 0].reduce((sum, i) => (sum << 8) | (bytes[at + 4 * n + i] ?? 0), 0);
    const [eax, ebx, ecx, edx] = [0, 1, 2, 3].map(word);
    return registers(eax, ebx, ecx, edx);
  };
}

/** Leaf 80000007H: machine checks of AMD, power management. */
export const readAdvancedPower: LeafReader = (cpu) => {
  const isAmdPartEmpty = isOn(cpu, 'x-vendor-cpuid-only-v2') && cpu.vendor === intel;
  const { ebx, edx, why } = readWords(cpu, '80000007');
  return { ...zeros, ebx: isAmdPartEmpty ? known(0) : ebx, edx, ...(why === undefined ? {} : { why }) };
};

const plainVirtualBits = 48;
const widestVirtualBits = 57;

/** Leaf 80000008H: address sizes, features, CPUs of the package. */
export const readAddressSizes: LeafReader = (cpu) => {
  const isLong = cpu.has('lm');
  const la57 = cpu.has('la57');
  const virtualBits = la57 === null ? null : la57 ? widestVirtualBits : plainVirtualBits;
  const guestBits = cpu.guestPhysBits === null && !knowsGuestBits(cpu) ? 0 : cpu.guestPhysBits;
  const wide = either(field(virtualBits, 0xff, 8), field(guestBits, 0xff, 16));
  const above = isLong === null ? notKnown(0xffff00) : isLong ? wide : known(0);
  const isPackageHidden = isOn(cpu, 'x-vendor-cpuid-only-v2') && isIntelLike(cpu.vendor);
  return {
    eax: either(field(cpu.physBits, 0xff), above),
    ebx: cpu.word('80000008.EBX'),
    ecx: known(isPackageHidden ? 0 : packageSizeField(cpu)),
    edx: known(0),
    why: 'address sizes or features of the host are not known',
  };
};

const knowsGuestBits = ({ properties }: GuestCpu): boolean => properties['guest-phys-bits'] !== undefined;

/** Revision and number of address space ids. Source: QEMU 7.2 to 11.1, leaf 8000000AH of any guest with svm */
const svmRevision = 1;
const addressSpaceIds = 16;

/** Leaf 8000000AH: SVM. */
export const readSvm: LeafReader = (cpu) => {
  const hasSvm = cpu.has('svm');
  if (hasSvm === false) return zeros;
  const edx = cpu.word('8000000a.EDX');
  if (hasSvm === true) return { ...registers(svmRevision, addressSpaceIds), edx };
  const why = 'whether the host has SVM is not known';
  return { eax: notKnown(svmRevision), ebx: notKnown(addressSpaceIds), ecx: known(0), edx, why };
};

/** Leaf 80000021H: AMD's further features. */
export const readExtendedFeatures2: LeafReader = (cpu) => readWords(cpu, '80000021');

/** Leaf C0000000H: highest Centaur leaf. */
export const readCentaurLevel: LeafReader = (cpu) => registers(cpu.xlevel2);

/** Leaf C0000001H: Centaur's features. */
export const readCentaurFeatures: LeafReader = (cpu) => ({
  ...zeros,
  eax: cpu.signature,
  edx: cpu.word('c0000001.EDX'),
});
