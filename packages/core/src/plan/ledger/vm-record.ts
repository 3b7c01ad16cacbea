import type { Accelerator, KernelIrqchip, ResolutionRequest, SmpTopology } from '../../resolve/resolution.ts';
import type { PlanHost } from '../fleet.ts';

/** A VM as a list of VMs tells it. */
export interface VmRecord {
  readonly name: string;
  /** Id or name of the host on which it runs, where it is taken to have booted. */
  readonly host: string;
  readonly machine: string;
  /** The `-cpu` argument. */
  readonly cpu: string;
  /** Absent: kvm. */
  readonly accel?: Accelerator | undefined;
  readonly kernelIrqchip?: KernelIrqchip | undefined;
  readonly smp?: SmpTopology | undefined;
}

/** What is launched for a VM. */
export function launchOf({ accel = 'kvm', machine, cpu, kernelIrqchip, smp }: VmRecord): ResolutionRequest {
  return { accel, machine, cpu, kernelIrqchip, smp };
}

/** Finds hosts by id, else by a name that only one of them has. */
export function findHosts(hosts: readonly PlanHost[]): (reference: string) => PlanHost | null {
  const byId = new Map(hosts.map((host) => [host.id, host]));
  const byName = new Map<string, PlanHost | null>();
  for (const host of hosts) byName.set(host.name, byName.has(host.name) ? null : host);
  return (reference) => byId.get(reference) ?? byName.get(reference) ?? null;
}
