import { holds } from '../rules.ts';
import { anyOf, either, isAnything, known, notKnown, zeros, type Registers } from './bits.ts';
import type { GuestCpu } from './guest-cpu.ts';
import { hasHyperV } from './enlightenments.ts';
import { hyperVLeaves } from './hyper-v-leaves.ts';
import { frequencyLeaf, kvmLeaves, readFrequencies } from './kvm-leaves.ts';
import { lastBasicLeaf, lastExtendedLeaf, readLeaf } from './read-leaf.ts';
import { hasExtendedTopology } from './topology-leaves.ts';

/** Flags of an entry. Source: Linux include/uapi/asm/kvm.h, KVM_CPUID_FLAG_* */
export const entryFlags = { significantIndex: 1, statefulFunction: 2, stateReadNext: 4 } as const;

/** One entry of KVM_SET_CPUID2. */
export interface CollectedEntry {
  readonly leaf: number;
  /** As it stands in the entry: it means something only where the flags say so. */
  readonly subleaf: number;
  readonly flags: number;
  readonly registers: Registers;
  /** Whether there is such an entry at all is not known: it is left out when it is empty, or the host decides. */
  readonly isUncertain: boolean;
}

/** The entries, or why QEMU ends before it hands them over. */
export interface CollectedEntries {
  readonly entries: readonly CollectedEntry[];
  /** The list is full: QEMU aborts. */
  readonly isOverfull: boolean;
  /** There may be more entries: what decides on them is not known. */
  readonly mayLackEntries: boolean;
}

/** Source: QEMU 7.2 to 11.1, "cpuid_data is full" */
const mostEntries = 100;

interface Slot {
  leaf: number;
  subleaf: number;
  flags: number;
  registers: Registers;
  isUncertain: boolean;
}

class ListIsFull extends Error {}

/**
 * The list as QEMU fills it. A slot that is given back keeps its subleaf and flags, which the next leaf in it takes over
 * where it has none of its own: that is how leaf 80000000H comes to a subleaf of 63.
 */
class EntryList {
  readonly #slots: Slot[] = [];
  #length = 0;

  take(leaf: number): Slot {
    if (this.#length === mostEntries) throw new ListIsFull();
    const slot = (this.#slots[this.#length] ??= { leaf, subleaf: 0, flags: 0, registers: zeros, isUncertain: false });
    this.#length += 1;
    slot.leaf = leaf;
    slot.isUncertain = false;
    return slot;
  }

  giveBack(): void {
    this.#length -= 1;
  }

  find(leaf: number): Slot | undefined {
    return this.#slots.slice(0, this.#length).find((slot) => slot.leaf === leaf);
  }

  /** An entry of its own, whatever is in it. */
  add(leaf: number, registers: Registers): Slot {
    const slot = this.take(leaf);
    slot.registers = registers;
    return slot;
  }

  /** An entry that is left out when it is empty: KVM answers so anyway. */
  addUnlessEmpty(leaf: number, registers: Registers): void {
    const isSomething = isAnything(registers);
    const slot = this.take(leaf);
    slot.flags = 0;
    slot.registers = registers;
    slot.isUncertain = isSomething === null;
    if (isSomething === false) this.giveBack();
  }

  /** A subleaf of its own. */
  addSubleaf(leaf: number, subleaf: number, registers: Registers): Slot {
    const slot = this.add(leaf, registers);
    slot.subleaf = subleaf;
    slot.flags = entryFlags.significantIndex;
    return slot;
  }

  entries(): CollectedEntry[] {
    return this.#slots.slice(0, this.#length).map((slot) => ({ ...slot }));
  }
}

/**
 * The CPUID that QEMU hands to KVM for a vCPU: which entries, in which order, with which flags.
 * Source: QEMU 7.2, 10.0 and 10.2, KVM part of the x86 target; recorded and captured KVM_SET_CPUID2 of 7.2, 10.0 and 11.1
 */
export function collectEntries(cpu: GuestCpu): CollectedEntries {
  const list = new EntryList();
  const isOverfull = !fillList(cpu, list);
  const mayLackEntries = cpu.areLevelsOpen || cpu.has('xsave') === null || cpu.has('amx-tile') === null;
  const entries = cpu.areLevelsOpen ? list.entries().map(withoutCertainty) : list.entries();
  return { entries, isOverfull, mayLackEntries };
}

/** false: the list is full. */
function fillList(cpu: GuestCpu, list: EntryList): boolean {
  try {
    addHypervisor(cpu, list);
    addBasic(cpu, list);
    addExtended(cpu, list);
    addCentaur(cpu, list);
    addFrequencies(cpu, list);
    return true;
  } catch (cause) {
    if (cause instanceof ListIsFull) return false;
    throw cause;
  }
}

/** Where the highest leaves are not known, only the leaves that tell them are there for certain. */
function withoutCertainty(entry: CollectedEntry): CollectedEntry {
  const isCertain = entry.leaf === 0 || entry.leaf === 0x80000000 || entry.leaf >>> 28 === 4;
  return isCertain ? entry : { ...entry, isUncertain: true };
}

function addHypervisor(cpu: GuestCpu, list: EntryList): void {
  if (!cpu.isKvm) {
    list.addUnlessEmpty(0x40000000, readLeaf(cpu, 0x40000000, 0));
    return;
  }
  const leaves = [...(hasHyperV(cpu) ? hyperVLeaves(cpu) : []), ...kvmLeaves(cpu)];
  for (const { leaf, registers, isUncertain = false } of leaves) list.add(leaf, registers).isUncertain = isUncertain;
}

function addBasic(cpu: GuestCpu, list: EntryList): void {
  const highest = Math.min(cpu.level, lastBasicLeaf);
  for (let leaf = 0; leaf <= highest; leaf++) addBasicLeaf(cpu, list, leaf);
}

function addBasicLeaf(cpu: GuestCpu, list: EntryList, leaf: number): void {
  switch (leaf) {
    case 0x2:
      return addDescriptors(cpu, list);
    case 0x4:
      return addWhile(cpu, list, leaf, ({ eax }) => anyOf(eax) !== false);
    case 0xb:
      return addWhile(cpu, list, leaf, ({ ecx }) => (ecx.ones & 0xff00) !== 0);
    case 0x1f:
      if (hasExtendedTopology(cpu)) addWhile(cpu, list, leaf, ({ ecx }) => (ecx.ones & 0xff00) !== 0);
      return;
    case 0xd:
      return addStateComponents(cpu, list);
    case 0x12:
      // Subleaf 2 would be the first piece of enclave memory; the list ends with one that is none.
      if (cpu.knowsWord('12.0.EAX')) return addWhile(cpu, list, leaf, (_, subleaf) => subleaf < 2);
      break;
    case 0x7:
    case 0x14:
      return addCounted(cpu, list, leaf);
    case 0x1d:
    case 0x1e:
      if (cpu.knowsFeature('amx-tile')) return addCounted(cpu, list, leaf);
      break;
    case 0x24:
      if (cpu.knowsWord('24.0.EBX')) return addCounted(cpu, list, leaf);
      break;
  }
  list.addUnlessEmpty(leaf, readLeaf(cpu, leaf, 0));
}

/** Leaf 2 says itself how often it is to be read. */
function addDescriptors(cpu: GuestCpu, list: EntryList): void {
  const registers = readLeaf(cpu, 2, 0);
  const { statefulFunction, stateReadNext } = entryFlags;
  const times = registers.eax.ones & 0xff;
  const slot = list.add(2, registers);
  if (times > 1 || !holds('leaf2StatefulWhenRepeated', cpu.release)) slot.flags = statefulFunction | stateReadNext;
  for (let i = 1; i < times; i++) list.add(2, registers).flags = statefulFunction;
}

/** Subleaves as long as one says that there is another; the last, which says no, is in the list. */
function addWhile(
  cpu: GuestCpu,
  list: EntryList,
  leaf: number,
  goesOn: (registers: Registers, subleaf: number) => boolean,
): void {
  let isCertain = true;
  for (let subleaf = 0; ; subleaf++) {
    const registers = readLeaf(cpu, leaf, subleaf);
    list.addSubleaf(leaf, subleaf, registers).isUncertain = !isCertain;
    if (!goesOn(registers, subleaf)) return;
    isCertain &&= (registers.eax.unknown & ~registers.eax.ones) >>> 0 !== everyBit;
  }
}

const everyBit = 0xffffffff;
const lastComponent = 63;

/** Leaf 0DH: subleaves that hold anything, of all 64. */
function addStateComponents(cpu: GuestCpu, list: EntryList): void {
  const leaf = 0xd;
  let slot = list.take(leaf);
  for (let subleaf = 0; subleaf <= lastComponent; subleaf++) {
    const registers = readLeaf(cpu, leaf, subleaf);
    const isThere = anyOf(registers.eax);
    Object.assign(slot, {
      leaf,
      subleaf,
      flags: entryFlags.significantIndex,
      registers,
      isUncertain: isThere === null,
    });
    if (isThere === false) continue;
    slot = list.take(leaf);
  }
  if (holds('xsaveListEndsExactly', cpu.release)) list.giveBack();
}

/** Leaves whose first subleaf names the last. */
function addCounted(cpu: GuestCpu, list: EntryList, leaf: number): void {
  const first = readLeaf(cpu, leaf, 0);
  list.addSubleaf(leaf, 0, first);
  for (let subleaf = 1; subleaf <= first.eax.ones; subleaf++)
    list.addSubleaf(leaf, subleaf, readLeaf(cpu, leaf, subleaf));
}

function addExtended(cpu: GuestCpu, list: EntryList): void {
  const limit = readLeaf(cpu, 0x80000000, 0).eax.ones;
  const highest = Math.min(cpu.areLevelsOpen ? cpu.xlevel : limit, lastExtendedLeaf);
  for (let leaf = 0x80000000; leaf <= highest; leaf++) {
    if (leaf === 0x8000001d) addWhile(cpu, list, leaf, ({ eax }) => anyOf(eax) !== false);
    else list.addUnlessEmpty(leaf, readLeaf(cpu, leaf, 0));
  }
}

/** Centaur's leaves: all of them, empty ones too. */
function addCentaur(cpu: GuestCpu, list: EntryList): void {
  if (cpu.xlevel2 === 0) return;
  for (let leaf = 0xc0000000; leaf <= readLeaf(cpu, 0xc0000000, 0).eax.ones; leaf++)
    list.add(leaf, readLeaf(cpu, leaf, 0)).flags = 0;
}

function addFrequencies(cpu: GuestCpu, list: EntryList): void {
  const frequencies = cpu.isKvm ? readFrequencies(cpu) : null;
  if (frequencies === null) return;
  list.add(frequencyLeaf, frequencies.registers).isUncertain = !frequencies.certain;
  const signature = list.find(0x40000000);
  if (!signature) return;
  const { eax } = signature.registers;
  const raised = frequencies.certain
    ? known(Math.max(eax.ones, frequencyLeaf))
    : either(known(eax.ones & frequencyLeaf), notKnown(eax.ones ^ frequencyLeaf));
  signature.registers = { ...signature.registers, eax: raised };
}
