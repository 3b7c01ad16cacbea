import { AtlasError } from '../../errors.ts';
import type { KvmLayer } from '../../snapshot/snapshot.ts';
import type { CpuidTable } from '../../x86/registers.ts';
import type { ResolveContext } from '../context.ts';
import type { Resolution, ResolutionRequest, Refusal } from '../resolution.ts';
import { locateCell } from '../locate-cell.ts';
import { holds } from '../rules.ts';
import { parseCpuArgument } from '../cpu-argument.ts';
import { agreed, registerNames, type RegisterName, type Registers } from './bits.ts';
import { buildGuestCpu, type BuiltCpu, type GuestCpuidSources } from './build-guest-cpu.ts';
import { collectEntries, type CollectedEntry } from './collect-entries.ts';

export interface GuestCpuidOptions extends GuestCpuidSources {
  /** Index of the vCPU; default 0. */
  readonly vcpu?: number | undefined;
}

/** Bits of the four registers that are not known, and why. */
export interface UnknownBits extends Readonly<Record<RegisterName, number>> {
  readonly why: string;
}

/** One entry of KVM_SET_CPUID2. All numbers are unsigned; a bit that is not known is 0 in its register. */
export interface GuestCpuidEntry extends Readonly<Record<RegisterName, number>> {
  readonly leaf: number;
  /** Means something only with the flag for a significant index. */
  readonly subleaf: number;
  readonly flags: number;
  readonly unknown?: UnknownBits;
  /** Whether there is such an entry is not known. */
  readonly isUncertain?: true;
}

export interface GuestCpuid {
  readonly resolution: Resolution;
  readonly vcpu: number;
  /** What QEMU hands to KVM, in its order. Under TCG: what the CPUID instruction answers, in the same order. */
  readonly entries: readonly GuestCpuidEntry[];
  /** Whether there is no other entry; false: what decides on that is not known. */
  readonly isComplete: boolean;
  /** Why QEMU does not come so far; null: it does. */
  readonly refusal: Refusal | null;
  /** What is not known, in words. */
  readonly unknowns: readonly string[];
  readonly assumptions: readonly string[];
}

/** Vendors that decide what a CPU shows; any other goes with the last. */
const vendorsToTry = ['AuthenticAMD', 'GenuineIntel', 'CentaurHauls', 'HygonGenuine'] as const;

/**
 * The whole CPUID of a vCPU, as QEMU hands it to KVM. What depends on a host that is not known is unknown, bit by bit.
 * KVM itself changes a few bits afterwards, as the guest runs (OSXSAVE, OSPKE, the size in leaf 0DH).
 * @throws REQUEST_INVALID for a vCPU that the topology does not have; and as `resolve`
 */
export function guestCpuid(
  context: ResolveContext,
  request: ResolutionRequest,
  options: GuestCpuidOptions = {},
): GuestCpuid {
  const vcpu = options.vcpu ?? 0;
  const variants = listVariants(context, request).map(({ cpu, ...host }) =>
    buildGuestCpu({ context, request: { ...request, cpu }, vcpu, sources: options, ...host }),
  );
  const [first] = variants;
  checkVcpu(vcpu, first);
  const collected = variants.map(({ cpu }) => collectEntries(cpu));
  const entries = mergeVariants(collected.map((one) => one.entries)).map(toEntry);
  const isOverfull = collected.some((one) => one.isOverfull);
  const resolution = variants.length === 1 ? first.resolution : withoutVendor(first.resolution, request.cpu);
  return {
    resolution,
    vcpu,
    entries,
    isComplete: !collected.some((one) => one.mayLackEntries),
    refusal: resolution.refusal ?? (isOverfull ? overfull : null),
    unknowns: [...new Set([...resolution.unknowns, ...entries.flatMap(({ unknown }) => unknown?.why ?? [])])],
    assumptions: [...new Set([...resolution.assumptions, ...variants.flatMap((variant) => variant.assumptions)])],
  };
}

const overfull: Refusal = {
  by: 'abort',
  message: 'cpuid_data is full',
  remedy: 'lower level, xlevel or xlevel2: KVM takes 100 entries',
};

function checkVcpu(vcpu: number, { cpu }: BuiltCpu): void {
  const { cpus } = cpu.topology;
  if (Number.isSafeInteger(vcpu) && vcpu >= 0 && vcpu < cpus) return;
  throw new AtlasError('REQUEST_INVALID', `there is no vCPU ${vcpu}: -smp gives ${cpus}, counted from 0`, {
    where: 'vcpu',
    remedy: 'give another vCPU, or more CPUs',
  });
}

interface Variant {
  readonly silicon: CpuidTable | null;
  readonly canHyperV: boolean;
  readonly cpu: string;
}

/** One for each kind of CPU of the host, for each vendor that it may have, and with and without Hyper-V in its KVM. */
function listVariants(context: ResolveContext, request: ResolutionRequest): Variant[] {
  const { groups, kvm } = context.facts;
  const kinds = groups.length > 0 ? groups : [null];
  const cpus = isVendorOpen(context, request)
    ? vendorsToTry.map((vendor) => `${request.cpu},vendor=${vendor}`)
    : [request.cpu];
  const mayAsk = request.accel === 'kvm' && request.cpu.includes('hv-');
  const known = canHyperV(kvm?.layer.capabilities ?? {});
  const answers = known === null && mayAsk ? [true, false] : [known ?? false];
  return kinds.flatMap((silicon) =>
    cpus.flatMap((cpu) => answers.map((answer) => ({ silicon, cpu, canHyperV: answer }))),
  );
}

/** A list of capabilities leaves out those that are 0. One without KVM_CAP_USER_MEMORY, which every KVM has, is no list. */
function canHyperV(capabilities: KvmLayer['capabilities']): boolean | null {
  const { KVM_CAP_HYPERV: hyperV, KVM_CAP_USER_MEMORY: memory } = capabilities as Partial<Record<string, number>>;
  if (hyperV !== undefined) return hyperV > 0;
  return memory === undefined ? null : false;
}

/** KVM gives a CPU the vendor of the host, unless the user names one. */
function isVendorOpen(context: ResolveContext, { accel, machine, cpu }: ResolutionRequest): boolean {
  if (accel !== 'kvm' || context.facts.vendor !== null) return false;
  const argument = parseCpuArgument(cpu);
  const { kind } = locateCell(context.index, accel, machine, argument.model);
  if (kind === 'base' && !holds('baseGetsHostVendor', context.index.release)) return false;
  return !argument.edits.some(({ name }) => name === 'vendor');
}

function withoutVendor(resolution: Resolution, cpu: string): Resolution {
  return { ...resolution, cpu, vendor: '', properties: { ...resolution.properties, vendor: '' } };
}

const keyOf = ({ leaf, subleaf, flags }: CollectedEntry): string => `${leaf}/${(flags & 1) !== 0 ? subleaf : 0}`;

/** What all variants agree on. */
function mergeVariants(lists: readonly (readonly CollectedEntry[])[]): readonly CollectedEntry[] {
  if (lists.length === 1) return lists[0];
  const merged = new Map<string, CollectedEntry>();
  for (const entries of lists)
    for (const entry of entries) {
      const before = merged.get(keyOf(entry));
      merged.set(keyOf(entry), before === undefined ? entry : agreement(before, entry));
    }
  const keys = lists.map((entries) => new Set(entries.map(keyOf)));
  return [...merged.values()].map((entry) => {
    const isEverywhere = keys.every((known) => known.has(keyOf(entry)));
    return isEverywhere ? entry : { ...entry, isUncertain: true };
  });
}

function agreement(first: CollectedEntry, second: CollectedEntry): CollectedEntry {
  const pair = (name: RegisterName): Registers[RegisterName] => agreed(first.registers[name], second.registers[name]);
  const why = first.registers.why ?? second.registers.why ?? 'the kind of CPU of the host decides';
  return {
    ...first,
    registers: { eax: pair('eax'), ebx: pair('ebx'), ecx: pair('ecx'), edx: pair('edx'), why },
    isUncertain: first.isUncertain || second.isUncertain,
  };
}

function toEntry({ leaf, subleaf, flags, registers, isUncertain }: CollectedEntry): GuestCpuidEntry {
  const { eax, ebx, ecx, edx, why } = registers;
  const isOpen = registerNames.some((name) => registers[name].unknown !== 0);
  const unknown = {
    eax: eax.unknown,
    ebx: ebx.unknown,
    ecx: ecx.unknown,
    edx: edx.unknown,
    why: why ?? 'the host decides',
  };
  return {
    leaf,
    subleaf,
    flags,
    eax: eax.ones,
    ebx: ebx.ones,
    ecx: ecx.ones,
    edx: edx.ones,
    ...(isOpen ? { unknown } : {}),
    ...(isUncertain ? { isUncertain } : {}),
  };
}
