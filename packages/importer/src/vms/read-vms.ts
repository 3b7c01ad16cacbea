import type { VmRecord } from '@cpu-atlas/core';
import { decodeText } from '../decode-text.ts';
import { invalid } from '../faults.ts';
import { readVmsCsv } from './read-vms-csv.ts';
import { readVmsJson } from './read-vms-json.ts';
import { readDomains } from './read-domains.ts';

export interface VmOptions {
  /** File or place, for messages. */
  readonly source: string;
  /** The host of VMs that do not say on which one they run. */
  readonly host?: string | undefined;
}

/** VMs of a text, and what was assumed to read them. */
export interface VmReading {
  readonly vms: readonly VmRecord[];
  readonly notes: readonly string[];
}

/**
 * Reads a list of VMs: CSV with a header, JSON (a list, or an object with `vms`), or libvirt domain XML (one `<domain>`,
 * or several after one another).
 * @throws IMPORT_INVALID, IMPORT_AMBIGUOUS (no host), IMPORT_UNSAFE, IMPORT_UNSUPPORTED, IMPORT_TOO_LARGE
 */
export function readVms(input: string | Uint8Array, options: VmOptions): VmReading {
  const text = decodeText(input, options.source).trim();
  if (text === '') throw invalid('is empty', options.source, 'give CSV, JSON or libvirt domain XML');
  if (text.startsWith('<')) return readDomains(text, options);
  return text.startsWith('{') || text.startsWith('[') ? readVmsJson(text, options) : readVmsCsv(text, options);
}
