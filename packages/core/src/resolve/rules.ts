import { releaseOf, type QemuRelease } from '../catalog/release.ts';

/**
 * Behaviour of QEMU that changed from one release to another and that a catalog cannot show. Each rule says in which
 * releases it holds, and where that is known from. Nothing else in Atlas compares QEMU versions.
 */
export interface DatedRule {
  /** Ranges of releases: from `since` (included) to `until` (not included; absent: to this day). */
  readonly in: readonly { readonly since: string; readonly until?: string }[];
  readonly source: string;
}

export const datedRules = {
  /** KVM: erms, fsrm, fzrm, fsrs and fsrc are taken from the host's own CPUID: no instructions, only hints. */
  stringHintsFromHost: { in: [{ since: '8.0.0' }], source: 'qemu-devel pull of 2023-02-27; QEMU 7.2 and 10.0 sources' },
  /** KVM: so is mcdt-no. */
  mcdtNoFromHost: { in: [{ since: '8.1.0' }], source: 'qemu-devel pull of 2023-07-07' },
  /** KVM: `ht` counts as supported, since QEMU makes it up itself. */
  htSupported: { in: [{ since: '8.2.0' }], source: 'qemu-devel pull of 2023-10-18; QEMU 7.2 and 10.0 sources' },
  /** More than one thread a package switches `ht` on, and `cmp-legacy` unless the vendor is Intel or Zhaoxin. */
  htFromTopology: { in: [{ since: '10.0.0' }], source: 'qemu-devel pull of 2025-01-10' },
  /** KVM: overflow-recov and succor count as supported. */
  machineCheckRecovery: {
    in: [{ since: '9.1.0' }],
    source: 'qemu-devel pull of 2024-06-08; recorded sessions of 8.2 and 9.1',
  },
  /** KVM: fb-clear counts as supported when the host is not affected by what it mitigates. */
  fbClearFromImmunity: {
    in: [{ since: '10.0.6', until: '10.1.0' }, { since: '10.1.2' }],
    source: 'qemu-devel pull of 2025-10-14; QEMU 10.0.13 source. Inferred: 10.0.6, the stable release of those days',
  },
  /** KVM: arch-capabilities goes where the CPU itself lacks it. */
  archCapabilitiesNeedsSilicon: {
    in: [
      { since: '10.0.3', until: '10.0.5' },
      { since: '10.1.0', until: '10.1.2' },
    ],
    source: 'qemu-devel pull of 2025-07-17 and its revert; stable mails of 10.0.5 and 10.1.2',
  },
  /** XSAVE components that the accelerator does not support are cut before features are filtered. */
  xsaveCutFirst: { in: [{ since: '9.2.0' }], source: 'QEMU 7.2 and 10.0 sources; recorded sessions of 9.1 and 9.2' },
  /** Supervisor state (XSS) is looked for in XCR0, hence never there. */
  supervisorStateLost: { in: [{ since: '9.2.0', until: '11.0.0' }], source: 'QEMU 10.0 and 10.2 sources' },
  /** Supervisor state needs xsaves. */
  supervisorStateNeedsXsaves: { in: [{ since: '11.0.0' }], source: 'QEMU commit 7fa483031711, listed for 11.0' },
  /** `avx10` alone switches the AVX-512 state components on. */
  avx10State: { in: [{ since: '9.2.0' }], source: 'QEMU 10.0 source' },
  /** A value of avx10-version switches on the features that belong to it, and none is taken that QEMU does not know. */
  avx10VersionSetsFeatures: {
    in: [{ since: '11.0.0' }],
    source: 'QEMU commit 7c90fa647b, listed for 11.0; QEMU 11.1 runs',
  },
  /** x-force-features keeps a version of AVX10 that is too high; before, it was lowered all the same. */
  avx10VersionForced: {
    in: [{ since: '11.0.0' }],
    source: 'QEMU commit 86efa9340f, listed for 11.0; QEMU 10.0 and 11.1 runs',
  },
  /** A `host` or `max` CPU whose vendor is not AMD takes nothing of 80000007H.EBX. */
  amdOnlyMachineCheck: { in: [{ since: '9.1.0' }], source: 'qemu-devel pull of 2024-07-04' },
  /** sgx and sgxlc are there on PC machine types only. */
  sgxNeedsPc: { in: [{ since: '9.1.0' }], source: 'qemu-devel pull of 2024-07-31' },
  /** Features of 80000021H.EAX raise xlevel to 0x80000021. */
  xlevelFrom80000021: { in: [{ since: '8.1.0' }], source: 'qemu-devel pull of 2023-05-09' },
  /** `kernel-irqchip=off` under KVM ends QEMU as soon as a local APIC is made. */
  noUserspaceApic: { in: [{ since: '8.0.0' }], source: 'qemu-devel patch of 2022-12-18; QEMU 10.0 run' },
  /** hv-vpindex is refused without KVM, too. */
  vpIndexCheckedWithoutKvm: {
    in: [{ since: '0.0.0', until: '8.0.0' }],
    source: 'QEMU 7.2 and 10.0 runs. Inferred: the release between',
  },
  /** What `-smp` leaves out goes to the cores before the sockets; of machine types, from that version on. */
  coresBeforeSockets: {
    in: [{ since: '6.2.0' }],
    source: 'QEMU 7.2, 10.0 and 10.2 sources; runs on pc-q35-6.1 and 6.2',
  },
  /** `-smp` knows modules. */
  modulesInTopology: { in: [{ since: '9.1.0' }], source: 'qemu-devel pull of 2024-05-23; QEMU 7.2 and 10.0 runs' },
  /** A 0 in `-smp` is refused; before, it counts as left out. */
  zeroInTopologyRefused: {
    in: [{ since: '9.0.0' }],
    source: 'QEMU documentation, removed features; QEMU 7.2 and 10.0 runs',
  },
  /** A level that the machine type does not have is refused as `dies > 1`; before, as `dies`. */
  topologyTextAboveOne: {
    in: [{ since: '9.1.0' }],
    source: 'QEMU issue 2420 of 9.0 and its fix; QEMU 7.2 and 10.0 runs',
  },
  /** An APIC id above 254 needs x2apic on that very CPU, also under TCG; before, an irqchip in the kernel. */
  highApicIdNeedsX2apic: {
    in: [{ since: '9.0.0' }],
    source: 'QEMU 7.2 and 10.0 sources and runs. Inferred: 9.0, the release that brought x2apic to TCG',
  },
  /** The warning about threads comes before the CPU is made, so that it precedes what KVM refuses. */
  threadsWarnedEarly: { in: [{ since: '10.0.0' }], source: 'qemu-devel pull of 2025-01-10; QEMU 7.2 and 10.0 sources' },
  /** A lbr-fmt is looked at, and refused where it does not fit. */
  lbrFormatChecked: { in: [{ since: '7.1.0' }], source: 'qemu-devel pull of 2022-05-16; QEMU 7.2 source' },
  /** The warning about threads of old AMD families is one line with its advice. */
  threadsAdviceInOneLine: { in: [{ since: '10.0.0' }], source: 'qemu-devel pull of 2025-01-10' },
  /** `base`, too, gets the vendor of the host under KVM. */
  baseGetsHostVendor: { in: [{ since: '10.1.0' }], source: 'qemu-devel pull of 2025-07-14; QEMU 11.1 run' },
  /** `model` is shown without its extension for families below 6. */
  extendedModelByFamily: {
    in: [{ since: '10.1.0' }],
    source: 'QEMU 10.0 and 10.2 sources; QEMU 11.1 run. Inferred: the release between',
  },
  /** 32-bit models have 36 physical address bits with pae, too, not only with pse36. */
  paeWidensPhysBits: { in: [{ since: '8.2.0' }], source: 'qemu-devel pull of 2023-10-26; QEMU 7.2 and 11.1 runs' },
  /** phys-bits has no upper limit, and the error has another text. */
  physBitsUnlimited: { in: [{ since: '11.1.0' }], source: 'QEMU 11.1 run' },
  /** The address space that the machine's devices need must lie within phys-bits. */
  addressSpaceChecked: {
    in: [{ since: '7.1.0' }],
    source: 'QEMU 5.2, 7.2 and 10.0 sources. Inferred: 7.1, whose series on the 1 TiB hole brought it',
  },
  /** That holds for 32 bits of address, too, as long as the CPU is a 64-bit one. */
  addressSpaceByLongMode: { in: [{ since: '8.2.0' }], source: 'QEMU 7.2 and 10.0 sources and runs' },
  /** An APIC id that needs x2apic is an error; before, QEMU aborts. */
  highApicIdRefused: {
    in: [{ since: '11.0.0' }],
    source: 'QEMU 10.0 and 11.1 runs. Inferred: 11.0, as the source of 10.2 still aborts',
  },
  /** A TSC frequency set by the user makes invtsc migratable. */
  tscFrequencyMakesInvtscMigratable: { in: [{ since: '9.2.0' }], source: 'QEMU 7.2 and 10.0 sources' },
  /** TCG supports every named bit of IA32_ARCH_CAPABILITIES. */
  tcgArchCapabilities: { in: [{ since: '8.1.0' }], source: 'recorded TCG sessions of 8.0 and 8.2' },
  /** Guests count the CPUs of a package over all its dies; before, those of one die. */
  diesCountedInPackage: {
    in: [{ since: '8.2.0' }],
    source: 'qemu-devel patch of 2023-09-14 on CPUState.nr_cores; QEMU 7.2 and 10.0 runs. Inferred: 8.2',
  },
  /** Intel guests are told how many APIC ids a package can have, not how many CPUs it has. */
  addressableIdsInPackage: {
    in: [{ since: '10.0.0' }],
    source: 'qemu-devel patches of 2024-10 (v6); QEMU 7.2 and 10.0 runs. Inferred: 10.0',
  },
  /** Counts that do not fit their field are cut to its highest value; before, they run over into the next field. */
  topologyFieldsCapped: {
    in: [{ since: '10.0.3' }],
    source: 'QEMU 7.2, 10.0.13 and 10.2 sources and runs. Inferred: 10.0.3, a stable release that had it by then',
  },
  /** A cache says at which level of the topology it is shared; before, L3 is shared by a die and all others by a core. */
  cachesSharedByLevel: { in: [{ since: '9.1.0' }], source: 'qemu-devel pull of 2024-05-23; QEMU 7.2 and 10.0 runs' },
  /** Cache leaves that are the host's own get the package's size rounded up to a power of two; before, not at all. */
  hostCachesFitPackage: { in: [{ since: '7.1.0' }], source: 'QEMU 5.2 and 7.2 sources; qemu-devel of 2022-05-24' },
  /** Leaf 2 is flagged as stateful only where it must be read more than once. */
  leaf2StatefulWhenRepeated: {
    in: [{ since: '9.2.0' }],
    source: 'qemu-devel patch of 2024-08-14; QEMU 7.2 and 10.0 runs',
  },
  /** The list of entries ends leaf 0DH with its last component; before, with an empty subleaf 63. */
  xsaveListEndsExactly: { in: [{ since: '9.2.0' }], source: 'qemu-devel patch of 2024-08-14; QEMU 7.2 and 10.0 runs' },
  /** KVM: where a state component lies is asked of the CPU for all components; before, for those that KVM supports. */
  xsaveLayoutWithoutSupport: {
    in: [{ since: '9.2.0' }],
    source: 'QEMU 7.2 and 10.0 sources. Inferred: 9.2, which no longer looks at components for support',
  },
  /** Each subleaf of leaf 0DH shows a component that the accelerator supports; before, one that the guest gets. */
  stateShownAsSupported: {
    in: [{ since: '11.0.0' }],
    source: 'qemu-devel pull of 2025-12-27; QEMU 10.0 and 11.1 runs',
  },
  /** Records of last branches need the PMU as a feature does; before, the leaves that show them ask for it. */
  branchRecordsByFeature: { in: [{ since: '11.0.0' }], source: 'qemu-devel pull of 2025-12-27' },
  /** hv-passthrough leaves the synthetic debugger out. */
  debuggerNotPassed: {
    in: [{ since: '9.1.0' }],
    source: 'QEMU 7.2 and 10.0 sources; recorded hosts with 7.2. Inferred: 9.1',
  },
  /** TCG: an Intel guest is shown no syscall outside of 64-bit mode, in which every CPU starts. */
  syscallHiddenAtStart: {
    in: [{ since: '8.1.0' }],
    source: 'qemu-devel pull of 2023-06-26; CPUID of guests of QEMU 7.2, 10.0 and 11.1. Inferred: 8.1',
  },
  /** sgx and sgxlc that the accelerator lacks are taken from the leaf itself; later, they are filtered. */
  sgxCutFromLeaf: {
    in: [{ since: '6.2.0', until: '9.1.0' }],
    source: 'QEMU 7.2 and 10.0 sources. Inferred: the releases that brought SGX and filtered it',
  },
} as const satisfies Record<string, DatedRule>;

export type RuleName = keyof typeof datedRules;

interface HeldRange {
  readonly from: number;
  readonly to: number;
}

/** The same ranges as numbers: rules are asked for in the hot loop. */
const heldRanges: ReadonlyMap<string, readonly HeldRange[]> = new Map(
  Object.entries<DatedRule>(datedRules).map(([name, rule]) => [
    name,
    rule.in.map(({ since, until }) => ({
      from: releaseOf(since),
      to: until === undefined ? Infinity : releaseOf(until),
    })),
  ]),
);

/** Whether a rule holds in a release. */
export function holds(rule: RuleName, release: QemuRelease): boolean {
  for (const { from, to } of heldRanges.get(rule) ?? []) if (release >= from && release < to) return true;
  return false;
}
