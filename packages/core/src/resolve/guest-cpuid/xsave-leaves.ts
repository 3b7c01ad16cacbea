import { holds } from '../rules.ts';
import { anyOf, either, known, notKnown, only, unknownRegisters, zeros, type Bits, type Registers } from './bits.ts';
import { isOn, type GuestCpu, type LeafReader } from './guest-cpu.ts';

/** A component of the XSAVE area beyond x87 and SSE, and the feature that it belongs to. */
interface StateArea {
  readonly component: number;
  readonly sizeBytes: number;
  readonly feature: string;
  /** Where TCG puts it in the standard form. */
  readonly tcgOffset?: number;
}

/** Source: Intel SDM vol. 1, 13.4 to 13.5; sizes and TCG's offsets as guests of QEMU 7.2 to 11.1 see them */
const areas: readonly StateArea[] = [
  { component: 2, sizeBytes: 0x100, feature: 'avx', tcgOffset: 0x240 },
  { component: 3, sizeBytes: 0x40, feature: 'mpx', tcgOffset: 0x3c0 },
  { component: 4, sizeBytes: 0x40, feature: 'mpx', tcgOffset: 0x400 },
  { component: 5, sizeBytes: 0x40, feature: 'avx512f', tcgOffset: 0x440 },
  { component: 6, sizeBytes: 0x200, feature: 'avx512f', tcgOffset: 0x480 },
  { component: 7, sizeBytes: 0x400, feature: 'avx512f', tcgOffset: 0x680 },
  { component: 9, sizeBytes: 0x8, feature: 'pku', tcgOffset: 0xa80 },
  { component: 11, sizeBytes: 0x10, feature: 'cet-ss' },
  { component: 12, sizeBytes: 0x18, feature: 'cet-ss' },
  { component: 15, sizeBytes: 0x328, feature: 'arch-lbr' },
  { component: 17, sizeBytes: 0x40, feature: 'amx-tile' },
  { component: 18, sizeBytes: 0x2000, feature: 'amx-tile' },
  { component: 19, sizeBytes: 0x80, feature: 'apxf' },
];

/** x87 and SSE state with the header. Source: Intel SDM vol. 1, 13.4.1 and 13.4.2 */
const legacyBytes = 0x240;
const archLbr = 1 << 15;
/** In EAX of subleaf 1. */
const xsaves = 1 << 3;
/** ECX of a subleaf of leaf 0DH: alignment in the compacted form, and XFD. */
const shownFlags = 0b110;

const layoutUnknown = 'where the state components lie in the XSAVE area of the host CPU was not observed';

interface Placement {
  readonly offset: number;
  readonly flags: number;
}

/** Where a component lies; null: the host decides, and is not known. */
function place(cpu: GuestCpu, { component, tcgOffset, feature }: StateArea): Placement | null {
  if (!cpu.isKvm) return { offset: tcgOffset ?? 0, flags: 0 };
  const isAsked = holds('xsaveLayoutWithoutSupport', cpu.release) || cpu.isSupported(feature);
  if (isAsked === false) return { offset: 0, flags: 0 };
  const { silicon, facts } = cpu;
  const answer = silicon?.get(0xd, component) ?? null;
  if (isAsked === null || silicon === null || (facts.isPartial && (answer === null || answer.EAX === 0))) return null;
  return answer === null || answer.EAX === 0 ? { offset: 0, flags: 0 } : { offset: answer.EBX, flags: answer.ECX };
}

interface Components {
  readonly user: Bits;
  readonly supervisor: Bits;
}

function componentsOf(cpu: GuestCpu): Components {
  return { user: cpu.word('d.0.EAX'), supervisor: cpu.word('d.1.ECX') };
}

/** Size of the area that some components need; null: not known. */
function areaSize(cpu: GuestCpu, components: Bits, isCompacted: boolean): number | null {
  let size = legacyBytes;
  for (const area of areas) {
    const isThere = anyOf(components, 1 << area.component);
    if (isThere === null) return null;
    if (!isThere) continue;
    // QEMU does not align the compacted form.
    const offset = isCompacted ? size : (place(cpu, area)?.offset ?? null);
    if (offset === null) return null;
    size = Math.max(size, offset + area.sizeBytes);
  }
  return size;
}

const sized = (size: number | null): Bits => (size === null ? notKnown() : known(size));

function readUserState(cpu: GuestCpu): Registers {
  const { user } = componentsOf(cpu);
  const whole = sized(areaSize(cpu, user, false));
  // KVM's own value would follow XCR0, which starts with x87 alone; QEMU gives it the whole size.
  const enabled = cpu.isKvm ? whole : known(legacyBytes);
  return { eax: user, ebx: enabled, ecx: whole, edx: cpu.word('d.0.EDX'), why: layoutUnknown };
}

/** Before the feature itself did, the leaf looked after the PMU. */
function hasBranchRecords(cpu: GuestCpu): boolean {
  return isOn(cpu, 'pmu') && cpu.has('arch-lbr') === true && !holds('branchRecordsByFeature', cpu.release);
}

function readSupervisorState(cpu: GuestCpu): Registers {
  const { user, supervisor } = componentsOf(cpu);
  const eax = cpu.word('d.1.EAX');
  const ebx = sized(areaSize(cpu, either(user, supervisor), true));
  const edx = cpu.word('d.1.EDX');
  if (holds('branchRecordsByFeature', cpu.release)) return { eax, ebx, ecx: supervisor, edx, why: layoutUnknown };
  const isLbrShown = cpu.isKvm && hasBranchRecords(cpu) && anyOf(eax, xsaves) === true;
  const others = only(supervisor, ~archLbr);
  return { eax, ebx, ecx: isLbrShown ? either(others, known(archLbr)) : others, edx, why: layoutUnknown };
}

/** Leaf 0DH: what XSAVE can save, and how much room that takes. */
export const readXsave: LeafReader = (cpu, subleaf) => {
  const has = cpu.has('xsave');
  if (has === false) return zeros;
  if (has === null) return subleaf === 0 ? unknownRegisters(layoutUnknown) : zeros;
  if (subleaf === 0) return readUserState(cpu);
  if (subleaf === 1) return readSupervisorState(cpu);
  if (subleaf === 15 && hasBranchRecords(cpu)) return cpu.supported(0xd, 15);
  const area = areas.find(({ component }) => component === subleaf);
  if (!area) return zeros;
  return holds('stateShownAsSupported', cpu.release) ? readSupportedArea(cpu, area) : readOwnArea(cpu, area);
};

/** A component as the accelerator has it, whether the guest gets it or not. */
function readSupportedArea(cpu: GuestCpu, area: StateArea): Registers {
  const bit = 1 << area.component;
  const isThere = anyOf(either(cpu.supportedWord('d.0.EAX'), cpu.supportedWord('d.1.ECX')), bit);
  const placement = place(cpu, area);
  const size = isThere === null ? notKnown(area.sizeBytes) : known(isThere ? area.sizeBytes : 0);
  if (placement === null) return { eax: size, ebx: notKnown(), ecx: notKnown(), edx: known(0), why: layoutUnknown };
  return { eax: size, ebx: known(placement.offset), ecx: known(placement.flags), edx: known(0), why: layoutUnknown };
}

/** A component that the guest gets: in XCR0, or by the supervisor. */
function readOwnArea(cpu: GuestCpu, area: StateArea): Registers {
  const { user, supervisor } = componentsOf(cpu);
  const isUser = anyOf(user, 1 << area.component);
  const isSupervisor = anyOf(supervisor, 1 << area.component);
  const size = known(area.sizeBytes);
  if (isUser === true) {
    const placement = place(cpu, area);
    const offset = placement === null ? notKnown() : known(placement.offset);
    const flags = placement === null ? notKnown(shownFlags) : known(placement.flags & shownFlags);
    return { eax: size, ebx: offset, ecx: flags, edx: known(0), why: layoutUnknown };
  }
  if (isUser === false && isSupervisor === true) return { eax: size, ebx: known(0), ecx: known(1), edx: known(0) };
  if (isUser === false && isSupervisor === false) return zeros;
  const why = 'whether the guest gets this state component is not known';
  return { eax: notKnown(area.sizeBytes), ebx: notKnown(), ecx: notKnown(0b111), edx: known(0), why };
}
