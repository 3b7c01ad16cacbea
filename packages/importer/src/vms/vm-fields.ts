import { limits, parseSmp, parseWith, vmRecordSchema } from '@cpu-atlas/contract';
import { AtlasError, type VmRecord } from '@cpu-atlas/core';
import type { VmOptions } from './read-vms.ts';

/** VMs in one text. */
export const mostVms = 20_000;

/** A VM as some text tells it, not yet looked at. */
export type RawVm = Readonly<Record<string, unknown>>;

/** Other names for the same things. */
const synonyms: Readonly<Record<string, string>> = {
  vm: 'name',
  domain: 'name',
  node: 'host',
  hypervisor: 'host',
  'machine-type': 'machine',
  machineType: 'machine',
  'cpu-model': 'cpu',
  '-cpu': 'cpu',
  'kernel-irqchip': 'kernelIrqchip',
  vcpus: 'smp',
  cpus: 'smp',
};

const remedy = 'give name, host, machine and cpu for each VM';

/** @throws IMPORT_INVALID, IMPORT_AMBIGUOUS */
export function toVmRecord(raw: RawVm, where: string, { host }: VmOptions): VmRecord {
  const fields = new Map<string, unknown>();
  for (const [key, value] of Object.entries(raw)) {
    const name = Object.hasOwn(synonyms, key) ? synonyms[key] : key;
    if (value !== '' && value !== null && value !== undefined && !fields.has(name)) fields.set(name, value);
  }
  if (!fields.has('host') && host !== undefined) fields.set('host', host);
  if (!fields.has('host')) {
    throw new AtlasError('IMPORT_AMBIGUOUS', 'does not tell on which host the VM runs', {
      where,
      remedy: 'add a host to each VM, or name one for all',
    });
  }
  const smp = fields.get('smp');
  if (typeof smp === 'number') fields.set('smp', { cpus: smp });
  if (typeof smp === 'string') fields.set('smp', parseSmp(smp.slice(0, limits.nameLength), where));
  const known = Object.fromEntries(Object.keys(vmRecordSchema.shape).map((key) => [key, fields.get(key)]));
  return parseWith(vmRecordSchema, known, { code: 'IMPORT_INVALID', source: where, remedy });
}
