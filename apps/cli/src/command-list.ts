import type { Command } from 'commander';
import type { Run, Surroundings } from './program.ts';

/** Gives a command its options and its action. */
export type AddOptions = (command: Command, run: Run, surroundings: Surroundings) => void;

interface ListedCommand {
  readonly description: string;
  /** Options are loaded for the command that is asked for only: `--version` needs none of what the others import. */
  readonly load: () => Promise<AddOptions>;
}

/** Every command, in the order of `--help`. */
export const commandList = {
  plan: {
    description: 'Rank CPUs, form pools, ask what if, move VMs',
    load: async () => (await import('./options/plan-options.ts')).addPlan,
  },
  probe: {
    description: 'Read CPUID, KVM and the installed QEMUs of this host into a host snapshot',
    load: async () => (await import('./options/probe-options.ts')).addProbe,
  },
  harvest: {
    description: 'Ask a QEMU binary everything it knows about CPUs, and write its catalog',
    load: async () => (await import('./options/harvest-options.ts')).addHarvest,
  },
  resolve: {
    description: 'Tell what QEMU would make of a -cpu argument on a host',
    load: async () => (await import('./options/resolve-options.ts')).addResolve,
  },
  verify: {
    description: 'Launch the real QEMU, paused, and compare what it does with what Atlas says',
    load: async () => (await import('./options/verify-options.ts')).addVerify,
  },
  serve: {
    description: 'Serve the dashboard and the API of this host, and of all hosts that join it',
    load: async () => (await import('./options/serve-options.ts')).addServe,
  },
  token: {
    description: 'Make, list and revoke the secrets that open a server',
    load: async () => (await import('./options/token-options.ts')).addToken,
  },
  decode: {
    description: 'Tell what an error text of QEMU, libvirt, Nova, KubeVirt, XAPI or a guest means',
    load: async () => (await import('./options/decode-options.ts')).addDecode,
  },
  import: {
    description: 'Make host snapshots of what other tools print, or send them to a running server',
    load: async () => (await import('./options/import-options.ts')).addImport,
  },
  baseline: {
    description: 'Tell the best CPU that runs on all of some hosts',
    load: async () => (await import('./options/baseline-options.ts')).addBaseline,
  },
  compare: {
    description: 'Compare a CPU with hosts as libvirt does, and tell where QEMU sees it another way',
    load: async () => (await import('./options/compare-options.ts')).addCompare,
  },
  'guest-cpuid': {
    description: 'Tell the whole CPUID that a guest gets, leaf by leaf, or in what it differs on another host',
    load: async () => (await import('./options/guest-cpuid-options.ts')).addGuestCpuid,
  },
  export: {
    description: 'Write an answer about host files as CSV, XLSX, JSON, Markdown, HTML or PDF',
    load: async () => (await import('./options/export-options.ts')).addExport,
  },
  policy: {
    description: 'Write one CPU for some hosts as QEMU line, libvirt XML, nova.conf, KubeVirt, Proxmox, Ansible …',
    load: async () => (await import('./options/policy-options.ts')).addPolicy,
  },
  models: {
    description: 'List the CPU models of a QEMU, and what their names stand for',
    load: async () => (await import('./options/definition-options.ts')).addModels,
  },
  stability: {
    description: 'Tell what changed between QEMU releases although it must not',
    load: async () => (await import('./options/definition-options.ts')).addStability,
  },
  referee: {
    description: 'Hold libvirt’s CPU map against what a QEMU defines',
    load: async () => (await import('./options/definition-options.ts')).addReferee,
  },
  hosts: {
    description: 'List the hosts of a running server, now or as of a time',
    load: async () => (await import('./options/fleet-options.ts')).addHosts,
  },
  timeline: {
    description: 'Tell what changed on a host of a running server, by which layer, with the models gained and lost',
    load: async () => (await import('./options/fleet-options.ts')).addTimeline,
  },
  audit: {
    description: 'List who changed what on a running server',
    load: async () => (await import('./options/fleet-options.ts')).addAudit,
  },
  where: {
    description: 'Tell on which hosts of a running server a CPU model runs, and what the others lack',
    load: async () => (await import('./options/fleet-answer-options.ts')).addWhere,
  },
  security: {
    description: 'Tell which mitigations a guest has on each host of a running server',
    load: async () => (await import('./options/fleet-answer-options.ts')).addSecurity,
  },
  features: {
    description: 'List the CPU features that a QEMU of a running server knows',
    load: async () => (await import('./options/fleet-answer-options.ts')).addFeatures,
  },
  'custom-models': {
    description: 'List, show, save and remove the custom CPU models of a running server',
    load: async () => (await import('./options/custom-model-options.ts')).addCustomModels,
  },
  completion: {
    description: 'Write what completes cpu-atlas in bash, zsh or fish',
    load: async () => (await import('./options/completion-options.ts')).addCompletion,
  },
} as const satisfies Record<string, ListedCommand>;
