import { AtlasError, compilePolicy, isAnswering, parseCpuArgument, safe } from '@cpu-atlas/core';
import type {
  CatalogIndex,
  CompiledPolicy,
  CpuPolicy,
  FleetVerdict,
  LibvirtMapIndex,
  PlanRequest,
  PolicyFeature,
  PolicyTargetName,
} from '@cpu-atlas/core';
import { nameQemu, type ReportedHost } from './report-host.ts';

export interface PolicyIntent {
  readonly name: string;
  /** The argument of `-cpu`. */
  readonly cpu: string;
  readonly launch: PlanRequest;
  readonly targets: readonly PolicyTargetName[];
  readonly libvirt: LibvirtMapIndex | null;
}

export interface CompiledPolicies {
  /** Of the line under `enforce`, on every one of the hosts. */
  readonly proof: FleetVerdict;
  readonly policies: readonly CompiledPolicy[];
}

/**
 * Writes an intent for its targets, and proves it on the hosts.
 * @throws CPU_STRING_INVALID, REQUEST_INVALID for a property that is no feature
 */
export function compilePolicies(hosts: readonly ReportedHost[], intent: PolicyIntent): CompiledPolicies {
  const { name, launch, targets, libvirt } = intent;
  const { model, features } = readIntent(intent.cpu, hosts);
  const plans = hosts.map(({ plan }) => plan);
  const indexes = new Set(plans.flatMap((plan) => (isAnswering(plan) ? [plan.context.index] : [])));
  const vendors = new Set(plans.flatMap((plan) => (isAnswering(plan) ? [plan.context.facts.vendor] : [])));
  const [vendor = null] = vendors;
  const qemus = new Set([...indexes].map(({ catalog }) => nameQemu(catalog.qemu)));
  const policy: CpuPolicy = {
    ...{ name, model, features, machine: launch.machine, accel: launch.accel, libvirt },
    aliases: aliasesOf([...indexes], launch, model),
    vendor: vendors.size === 1 ? vendor : null,
    qemuVersion: qemus.size === 0 ? 'not known' : [...qemus].join(', '),
    hosts: plans.map((plan) => plan.name),
    snapshots: hosts.flatMap(({ origin }) => origin.snapshotHash ?? []),
  };
  const cpu = [model, ...features.map((feature) => `${feature.name}=${feature.isOn ? 'on' : 'off'}`)].join(',');
  return { proof: safe({ ...launch, cpu }, plans), policies: targets.map((target) => compilePolicy(policy, target)) };
}

const onWords: ReadonlySet<string> = new Set(['on', 'yes', 'true', 'y']);
const offWords: ReadonlySet<string> = new Set(['off', 'no', 'false', 'n']);

/** A `-cpu` argument as model and features; of two words about one feature the one that QEMU obeys counts. */
function readIntent(
  cpu: string,
  hosts: readonly ReportedHost[],
): { readonly model: string; readonly features: readonly PolicyFeature[] } {
  const { model, edits } = parseCpuArgument(cpu);
  const [context] = hosts.flatMap(({ plan }) => ('unseen' in plan.context ? [] : [plan.context]));
  const aliases = context?.index.catalog.aliases ?? {};
  const features = new Map<string, boolean>();
  const set = (name: string, isOn: boolean): void => {
    const canonical = aliases[name] ?? aliases[name.replaceAll('_', '-')] ?? name;
    features.delete(canonical);
    features.set(canonical, isOn);
  };
  // +name and -name are obeyed after name=value, and -name after +name. Source: QEMU, x86_cpu_parse_featurestr
  for (const edit of edits) if (edit.kind === 'assign' && edit.name !== 'enforce') set(edit.name, wordOf(edit));
  for (const edit of edits) if (edit.kind === 'plus') set(edit.name, true);
  for (const edit of edits) if (edit.kind === 'minus') set(edit.name, false);
  return { model, features: [...features].map(([name, isOn]) => ({ name, isOn })) };
}

function wordOf({ name, value }: { readonly name: string; readonly value: string }): boolean {
  if (onWords.has(value)) return true;
  if (offWords.has(value)) return false;
  throw new AtlasError('REQUEST_INVALID', 'a policy is of a model and features that are on or off', {
    where: `${name}=${value}`.slice(0, 80),
    remedy: 'leave the property out; write it into the configuration by hand where it is needed',
  });
}

/** Other names of a model on that machine type. */
function aliasesOf(indexes: readonly CatalogIndex[], { accel, machine }: PlanRequest, model: string): string[] {
  const names = indexes.flatMap(({ accelerators, machineByName, modelByName, catalog }) => {
    const source = accelerators[accel]?.source;
    const [at, own] = [machineByName.get(machine), modelByName.get(model)];
    if (source === undefined || at === undefined || own === undefined) return [];
    const group = source.machineGroups[at];
    const aliases = group < 0 ? [] : source.aliases[group];
    const target = (aliases[own] ?? -1) < 0 ? own : aliases[own];
    return catalog.models.flatMap(({ name }, other) =>
      name !== model && (aliases[other] === target || other === target) ? [name] : [],
    );
  });
  return [...new Set(names)];
}
