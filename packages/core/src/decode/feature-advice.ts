import type { DecodedFeature } from './decoding.ts';

interface Advice {
  readonly names: RegExp;
  readonly say: string;
}

/**
 * What usually stands behind a missing feature, by its name. The first that fits is said.
 * Sources: QEMU docs, "CPU models"; Linux Documentation/admin-guide/hw-vuln; Intel microcode notes on TSX
 */
const table: readonly Advice[] = [
  {
    names: /^(?:hle|rtm)$/,
    say: 'Microcode or the kernel option tsx=off took TSX away: use the version of the model without it (…-noTSX, or a -vN whose note says “no TSX”), or add hle=off,rtm=off.',
  },
  {
    names: /^(?:mpx|bndregs|bndcsr)$/,
    say: 'Linux 5.6 dropped MPX: use a newer version of the model, which does not ask for it, or add mpx=off.',
  },
  {
    names: /^(?:vmx|vmx-.*)$/,
    say: 'This belongs to nested virtualisation: load kvm_intel with nested=1, or give the guest vmx=off when it runs no VMs itself.',
  },
  {
    names:
      /^(?:svm|npt|nrip-save|vgif|v-vmsave-vmload|pause-filter|pfthreshold|flushbyasid|svm-lock|lbrv|vnmi|svme-addr-chk|avic|tsc-scale|vmcb-clean)$/,
    say: 'This belongs to nested virtualisation: load kvm_amd with nested=1 (and npt=1), or give the guest svm=off when it runs no VMs itself.',
  },
  {
    names:
      /^(?:spec-ctrl|stibp|ssbd|ibpb|ibrs|amd-ssbd|amd-stibp|virt-ssbd|md-clear|flush-l1d|arch-capabilities|.*-no|fb-clear|rfds-clear|gds-ctrl|verw-clear|sbpb|ibpb-brtype|tsx-ctrl|taa-no|mds-no)$/,
    say: 'A speculation control: it comes with microcode and a kernel that knows it. Update both on the host; a guest without it is less protected.',
  },
  {
    names: /^ht$/,
    say: 'ht follows the topology: QEMU and libvirt set it when the guest has more than one thread or core in a package, and releases differ in whether it counts as asked for. Keep the topology, or name ht in the guest’s CPU.',
  },
  {
    names: /^(?:x2apic|tsc-deadline|kvm-.*)$/,
    say: 'KVM gives it with its own interrupt controller: use kernel-irqchip=on (or split) and look for kvm=off.',
  },
  {
    names: /^pdcm$/,
    say: 'pdcm goes with the virtual PMU: give the guest pmu=on on all hosts, or pdcm=off.',
  },
  {
    names:
      /^(?:waitpkg|movdiri|movdir64b|amx-.*|avx512.*|avx10.*|vaes|vpclmulqdq|gfni|serialize|fsrm|fzrm|fsrs|cldemote)$/,
    say: 'Hosts of another generation lack it: choose a model that all hosts of the pool have, or switch it off for this guest before it moves.',
  },
  {
    names: /^(?:xsaves|xsavec|xgetbv1)$/,
    say: 'Some kernels withhold XSAVES on AMD Zen 1 and 2 for an erratum: compare the kernels of both hosts, or add xsaves=off.',
  },
  {
    names: /^(?:monitor|acpi|ds|ds-cpl|dtes64|est|tm|tm2|ia64|pbe|xtpr|smx|cid|osxsave)$/,
    say: 'KVM never gave it to guests; old models ask for it all the same. Switch it off: it was never there, so the guest loses nothing.',
  },
];

/** What usually stands behind missing features, each said once, in the order of the features. */
export function adviseOn(features: readonly DecodedFeature[]): readonly string[] {
  const said = features.flatMap(({ name }) => table.find(({ names }) => names.test(name))?.say ?? []);
  return [...new Set(said)];
}
