import { checkShapeLimits, parseJsonText } from '@cpu-atlas/contract';
import { invalid } from '../faults.ts';
import { importLimits, refuseAbove } from '../import-limits.ts';
import type { VmOptions, VmReading } from './read-vms.ts';
import { mostVms, toVmRecord, type RawVm } from './vm-fields.ts';

/** @throws IMPORT_INVALID, IMPORT_AMBIGUOUS, IMPORT_TOO_LARGE */
export function readVmsJson(text: string, options: VmOptions): VmReading {
  const value = parseJsonText(text, { code: 'IMPORT_INVALID', source: options.source });
  checkShapeLimits(value, { code: 'IMPORT_INVALID', values: importLimits.jsonValues, where: options.source });
  const list = Array.isArray(value) ? (value as readonly unknown[]) : listIn(value);
  if (list === null) throw invalid('holds no list of VMs', options.source, 'give a list, or an object with "vms"');
  refuseAbove(list.length, mostVms, 'VMs', options.source);
  return {
    vms: list.map((one, at) => toVmRecord(objectAt(one, at, options), `${options.source}: [${at}]`, options)),
    notes: [],
  };
}

function listIn(value: unknown): readonly unknown[] | null {
  if (typeof value !== 'object' || value === null || !('vms' in value)) return null;
  return Array.isArray(value.vms) ? value.vms : null;
}

function objectAt(value: unknown, at: number, { source }: VmOptions): RawVm {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw invalid('is no object', `${source}: [${at}]`, 'give an object for each VM');
}
