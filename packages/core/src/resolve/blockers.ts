import { bitCoordinate, wordKeyOf } from '../x86/word-layout.ts';
import type { ResolveContext } from './context.ts';
import type { HostFacts, KvmFacts } from './host-facts.ts';
import { hasBrokenTsx } from './kvm-cpuid.ts';
import { kvmHas, siliconHas, siliconHasMsr, type BitPlace, type Presence } from './layer-presence.ts';
import type { Blocker, ResolutionRequest } from './resolution.ts';
import type { ResolvedCell } from './resolve.ts';
import { intel } from './vendors.ts';

/** Everything about one withheld bit. */
interface Withheld {
  readonly context: ResolveContext;
  readonly resolved: ResolvedCell;
  readonly place: BitPlace;
  readonly name: string;
  readonly key: string;
  /** `CPUID.07H.0:EBX[5]`. */
  readonly coordinate: string;
}

/** Features that KVM or QEMU make up without the CPU: their absence in silicon explains nothing. */
const madeUp = new Set(['x2apic', 'tsc-deadline', 'hypervisor', 'tsc-adjust', 'arat', 'umip', 'movbe']);
/** Features that KVM gives only with its own APIC. */
const needIrqchip = new Set(['x2apic', 'tsc-deadline', 'kvm-pv-unhalt']);

const isOff = (value: string | null): boolean => value === '0' || value === 'N' || value === 'n';

function parameterOf({ kvm }: HostFacts, name: string): string | null {
  for (const parameters of Object.values(kvm?.layer.modules ?? {}))
    if (parameters[name] !== undefined) return parameters[name];
  return null;
}

function isNested({ key, name }: Withheld): boolean {
  return key === '8000000a.EDX' || name === 'svm' || name === 'vmx' || name.startsWith('vmx-');
}

function needsPmu({ key, name }: Withheld): boolean {
  return key === 'msr.345' || name === 'pdcm' || name.startsWith('perfctr') || name === 'arch-lbr';
}

/** The module parameter that switches a feature off for all guests, whatever the CPU has. */
function switchOf(withheld: Withheld): { readonly module: string; readonly off: string; readonly on: string } | null {
  const { facts } = withheld.context;
  if (isNested(withheld) && isOff(parameterOf(facts, 'nested')))
    return { module: facts.vendor === intel ? 'kvm_intel' : 'kvm_amd', off: 'nested=0', on: 'nested=1' };
  if (needsPmu(withheld) && isOff(parameterOf(facts, 'enable_pmu')))
    return { module: 'kvm', off: 'enable_pmu=N', on: 'enable_pmu=1' };
  return null;
}

/** A kernel that does not offer what the CPU has, or that alone decides. */
function kernelBlocker(withheld: Withheld, silicon: Presence): Blocker {
  const { context, name, key, coordinate } = withheld;
  const { facts } = context;
  const isOwn = silicon === 'present' && !key.startsWith('40000');
  const evidence = `${coordinate}=0 in what KVM offers (Linux ${facts.kvm?.release ?? ''})${isOwn ? ', although the CPU has it' : ''}`;
  const parameter = switchOf(withheld);
  if (parameter !== null)
    return {
      layer: 'kernel',
      evidence: `${evidence}; ${parameter.module} runs with ${parameter.off}`,
      remedy: `load ${parameter.module} with ${parameter.on}`,
    };
  const other = key.startsWith('40000') ? '' : ' or another KVM module parameter';
  return { layer: 'kernel', evidence, remedy: `a newer kernel${other} may offer it; until then append ,-${name}` };
}

function hardwareBlocker(withheld: Withheld): Blocker {
  const { context, place, name, coordinate } = withheld;
  const word = context.index.layout.words[place.word];
  const evidence =
    word.kind === 'msr' && siliconHasMsr(context.facts, word.index) === 'absent'
      ? `the host CPU has no MSR ${word.index.toString(16).toUpperCase()}H`
      : `${coordinate}=0 on the host CPU`;
  if ((name === 'hle' || name === 'rtm') && context.facts.vendor === intel)
    return {
      layer: 'hardware',
      evidence,
      remedy: 'microcode updates take TSX away: use the -noTSX version of the model',
    };
  if (name === 'svm' || name === 'vmx') {
    const remedy =
      'switch virtualisation on in the firmware (or nested virtualisation, where this host is itself a guest)';
    return { layer: 'hardware', evidence, remedy };
  }
  return { layer: 'hardware', evidence, remedy: `choose a model or version without ${name}, or append ,-${name}` };
}

/** What excludes a feature, or what it lacks to be asked for. */
function dependencyBlocker({ context, resolved, place, name }: Withheld): Blocker | null {
  const { lane, mask } = place.location;
  const { words } = resolved;
  if ((words.conflicting[lane] & mask) !== 0) {
    const excluding = context.index.exclusions.find(({ clears }) => (clears[lane] & mask) !== 0)?.features ?? [];
    const others = excluding.filter((feature) => feature.name !== name).map((feature) => feature.name);
    const evidence = `${name} is asked for together with ${others.join(', ')}, which excludes it`;
    return {
      layer: 'dependency',
      evidence,
      remedy: `append ,-${name}${others.map((other) => ` or ,-${other}`).join('')}`,
    };
  }
  if ((words.dropped[lane] & mask) === 0) return null;
  const asked = words.beforeDependencies ?? words.requested;
  const parent = context.index.dependencies.find(
    ({ whenMissing, clears }) => (clears[lane] & mask) !== 0 && (asked[whenMissing.lane] & whenMissing.mask) === 0,
  )?.whenMissing.name;
  if (parent === undefined)
    return { layer: 'dependency', evidence: `what ${name} depends on is not requested`, remedy: `leave ${name} out` };
  return {
    layer: 'dependency',
    evidence: `${name} depends on ${parent}, which is not requested`,
    remedy: `append ,+${parent}, or leave ${name} out`,
  };
}

/** What the command line or the machine type stands in the way of, although KVM could. */
function configBlocker({ resolved, name }: Withheld): Blocker | null {
  const config = (evidence: string, remedy: string): Blocker => ({ layer: 'config', evidence, remedy });
  if (resolved.irqchip === 'off' && needIrqchip.has(name))
    return config(`${name} needs the irqchip of the kernel`, 'use kernel-irqchip=on or split');
  if (resolved.irqchip !== 'split' && name === 'kvm-msi-ext-dest-id')
    return config('kvm-msi-ext-dest-id needs a split irqchip', 'use kernel-irqchip=split');
  if (name === 'intel-pt' && resolved.words.traceLacksLevel)
    return config('this machine type does not raise the CPUID level to leaf 14H', 'append ,min-level=0x14');
  return null;
}

/** What QEMU holds back of what KVM offers. */
function qemuBlocker({ context, resolved, name, coordinate }: Withheld): Blocker {
  const qemu = `QEMU ${context.index.catalog.qemu.version}`;
  if (name === 'sgx' || name === 'sgxlc')
    return { layer: 'config', evidence: 'this machine type has no SGX memory', remedy: 'use a pc or q35 machine type' };
  if (name === 'intel-pt' && resolved.words.traceDiffers)
    return {
      layer: 'qemu',
      evidence: `CPUID.14H of what KVM offers differs from the Processor Trace that ${qemu} shows every guest`,
      remedy: 'append ,-intel-pt',
    };
  if ((name === 'hle' || name === 'rtm') && hasBrokenTsx(context.facts))
    return {
      layer: 'qemu',
      evidence: `${qemu} hides TSX on this CPU, where it does not work`,
      remedy: `append ,-${name}`,
    };
  return {
    layer: 'qemu',
    evidence: `${coordinate}=1 in what KVM offers, but ${qemu} does not pass it on`,
    remedy: `another QEMU release may; until then append ,-${name}`,
  };
}

/** KVM does not offer it, and what is known of the CPU leaves open whether it has it. */
function openBlocker({ context, place, name, coordinate }: Withheld): Blocker {
  const word = context.index.layout.words[place.word];
  const evidence = `${coordinate}=0 in what KVM offers`;
  if (word.kind === 'msr' && siliconHasMsr(context.facts, word.index) === 'present')
    return {
      layer: 'not-observed',
      evidence: `${evidence}; what the MSR of the CPU says is not known`,
      remedy: `newer microcode or a newer kernel may offer it; until then append ,-${name}`,
    };
  return {
    layer: 'not-observed',
    evidence: `${evidence}; what the CPU has is not known`,
    remedy: context.facts.hardwareUnknown?.remedy ?? 'probe the host',
  };
}

function kvmBlocker(withheld: Withheld, kvm: KvmFacts): Blocker {
  const { context, place, name, coordinate } = withheld;
  const config = configBlocker(withheld);
  if (config) return config;
  const offered = kvmHas(context, kvm, place);
  if (offered === 'present') return qemuBlocker(withheld);
  if (offered === 'unknown')
    return {
      layer: 'not-observed',
      evidence: `KVM has the MSR, but did not tell its value: ${coordinate} is not known`,
      remedy: `probe the host again; until then append ,-${name}`,
    };
  const silicon = siliconHas(context, place);
  if (madeUp.has(name) || silicon === 'present' || (silicon === 'unknown' && switchOf(withheld) !== null))
    return kernelBlocker(withheld, silicon);
  return silicon === 'absent' ? hardwareBlocker(withheld) : openBlocker(withheld);
}

function tcgBlocker({ context, resolved, place, name, coordinate }: Withheld): Blocker {
  const qemu = `QEMU ${context.index.catalog.qemu.version}`;
  if ((resolved.support.unknown[place.location.lane] & place.location.mask) !== 0)
    return {
      layer: 'not-observed',
      evidence: `this ${qemu} was not seen with TCG`,
      remedy: 'harvest it: cpu-atlas harvest',
    };
  return {
    layer: 'qemu',
    evidence: `TCG of ${qemu} does not implement ${coordinate}`,
    remedy: `use KVM, or append ,-${name}`,
  };
}

/** A host of which KVM's own answers are not known. */
function unobservedBlocker(withheld: Withheld): Blocker {
  const { context, resolved, place, name } = withheld;
  const { facts } = context;
  const { lane, mask } = place.location;
  const isKnown = facts.observed.kvm !== null && (resolved.support.unknown[lane] & mask) === 0;
  if (isKnown && !madeUp.has(name) && siliconHas(context, place) === 'absent') return hardwareBlocker(withheld);
  if (isKnown)
    return {
      layer: 'not-observed',
      evidence: `-cpu host of the QEMU on that host does not have ${name}`,
      remedy: 'probe the host itself to learn which layer withholds it',
    };
  return {
    layer: 'not-observed',
    evidence: facts.kvmUnknown?.reason ?? 'KVM of that host was not observed',
    remedy: facts.kvmUnknown?.remedy ?? 'probe the host itself',
  };
}

/** The first layer, on the way from silicon to guest, that withholds a feature. */
export function findBlocker(
  context: ResolveContext,
  request: ResolutionRequest,
  resolved: ResolvedCell,
  place: BitPlace,
): Blocker {
  const word = context.index.layout.words[place.word];
  const { name } = place.location;
  const withheld = { context, resolved, place, name, key: wordKeyOf(word), coordinate: bitCoordinate(word, place.bit) };
  const dependency = dependencyBlocker(withheld);
  if (dependency) return dependency;
  if (request.accel === 'tcg') return tcgBlocker(withheld);
  return context.facts.kvm ? kvmBlocker(withheld, context.facts.kvm) : unobservedBlocker(withheld);
}
