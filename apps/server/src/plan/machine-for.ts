import { AtlasError, commonMachine, type PlanHost } from '@cpu-atlas/core';

/** The newest versioned q35 that all of these hosts' QEMUs have. @throws MACHINE_TYPE_UNKNOWN */
export function machineFor(hosts: readonly PlanHost[], asked: string | undefined): string {
  if (asked !== undefined) return asked;
  const indexes = new Set(hosts.flatMap(({ context }) => ('unseen' in context ? [] : [context.index])));
  const machine = commonMachine([...indexes]);
  if (machine !== null) return machine;
  throw new AtlasError('MACHINE_TYPE_UNKNOWN', 'these hosts have no versioned q35 machine type in common', {
    where: 'machine',
    remedy: 'name a machine type, or choose other hosts',
  });
}
