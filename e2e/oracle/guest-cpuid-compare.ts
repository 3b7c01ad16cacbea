import { entryFlags, registerNames, type GuestCpuid, type GuestCpuidEntry } from '@cpu-atlas/core';

type Entries = readonly GuestCpuidEntry[];

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

const placeOf = ({ leaf, subleaf, flags }: GuestCpuidEntry): string => `${hex(leaf)}.${subleaf} flags ${flags}`;

/** Bits that differ, those that Atlas does not know left out. */
function differingRegisters(computed: GuestCpuidEntry, real: GuestCpuidEntry): string[] {
  return registerNames.flatMap((name) => {
    const difference = (real[name] ^ computed[name]) & ~(computed.unknown?.[name] ?? 0);
    return difference === 0 ? [] : [`${placeOf(computed)} ${name}: ${hex(computed[name])}, QEMU ${hex(real[name])}`];
  });
}

/** Differences from what QEMU handed to KVM: entries, order, subleaves, flags, and every bit that Atlas knows. */
export function differingEntries(computed: Entries, real: Entries): string[] {
  const [own, places] = [computed.map(placeOf), real.map(placeOf)];
  const extra = own.filter((one) => !places.includes(one));
  const missing = places.filter((one) => !own.includes(one));
  const isSame = own.join() === places.join();
  const order = isSame ? [] : [`entries: Atlas alone has [${extra.join('; ')}], QEMU alone [${missing.join('; ')}]`];
  const pairs = computed.flatMap((entry) => {
    const at = places.indexOf(placeOf(entry));
    return at < 0 ? [] : differingRegisters(entry, real[at]);
  });
  return [...order, ...pairs];
}

/** `leaf.register` of all bits that Atlas says it cannot know, and entries that may not be there. */
export function openBits({ entries, isComplete }: GuestCpuid): string[] {
  const open = entries.flatMap(({ leaf, unknown, isUncertain }) => [
    ...registerNames.filter((name) => (unknown?.[name] ?? 0) !== 0).map((name) => `${hex(leaf)}.${name} is unknown`),
    ...(isUncertain === true ? [`${hex(leaf)} may not be there`] : []),
  ]);
  return isComplete ? open : [...open, 'entries may be missing'];
}

const keyOf = ({ leaf, subleaf, flags }: GuestCpuidEntry): string =>
  `${hex(leaf)}.${(flags & entryFlags.significantIndex) === 0 ? 0 : subleaf}`;

/** What a computed CPUID claims to know, and that is not so. An answer that claims nothing passes. */
export function wrongClaims({ entries, isComplete }: GuestCpuid, real: Entries): string[] {
  const found = new Map(real.map((entry) => [keyOf(entry), entry]));
  const listed = new Set(entries.map(keyOf));
  const wrong = entries.flatMap((entry) => {
    const there = found.get(keyOf(entry));
    if (there) return differingRegisters(entry, there);
    return entry.isUncertain === true ? [] : [`${keyOf(entry)} is not there`];
  });
  const missing = isComplete ? real.filter((entry) => !listed.has(keyOf(entry))) : [];
  return [...wrong, ...missing.map((entry) => `${keyOf(entry)} is missing`)];
}
