import type { CpuGroup, HardwareLayer } from '@cpu-atlas/core';
import { composeSnapshot } from '../compose-snapshot.ts';
import { formatCpuList } from '@cpu-atlas/core';
import { invalid, shown, unsupported } from '../faults.ts';
import { groupBy } from '../group-by.ts';
import { importLimits, refuseAbove } from '../import-limits.ts';
import type { ImportOptions, Reading } from '../import-types.ts';
import { bitsOfLinuxFlag } from './linux-flags.ts';
import { isSignature, PartialCpuid } from './partial-cpuid.ts';

/** The lines of one CPU. */
interface CpuBlock {
  readonly cpu: number;
  readonly line: number;
  readonly values: ReadonlyMap<string, string>;
}

/** What makes two CPUs of `/proc/cpuinfo` equal. */
const kindKeys = ['vendor_id', 'cpu family', 'model', 'stepping', 'model name', 'cpuid level', 'flags'] as const;

/**
 * `/proc/cpuinfo` of Linux on x86. It shows what the kernel uses, not what the CPU has: a flag proves a bit, but a flag
 * that is missing proves nothing (the kernel may be too old for its name, or have switched it off). So the layer is
 * partial: what is 1 is known, everything else is not.
 * @throws IMPORT_INVALID with the line, IMPORT_UNSUPPORTED (other architectures), IMPORT_TOO_LARGE
 */
export function readProcCpuinfo(text: string, options: ImportOptions): Reading {
  const blocks = readBlocks(text, options.source);
  const [first] = blocks;
  if (first === undefined) throw invalid('has no CPU in it', options.source);
  const kinds = [...groupBy(blocks, ({ values }) => kindKeys.map((key) => values.get(key) ?? '').join('\n')).values()];
  refuseAbove(kinds.length, importLimits.cpuKinds, 'kinds of CPU', options.source);
  const groups = kinds.map((kind) => groupOf(kind, options.source));
  const microcode = microcodeOf(first);
  const hardware: HardwareLayer = {
    cpus: groups.map(({ group }) => group),
    ...(microcode !== null && { microcode }),
    partial: true,
  };
  const fallbackName = first.values.get('model name') ?? first.values.get('vendor_id') ?? '';
  return {
    snapshots: [composeSnapshot({ format: 'proc-cpuinfo', fallbackName, hardware }, options)],
    notes: notesOf(blocks, groups),
  };
}

function readBlocks(text: string, source: string): readonly CpuBlock[] {
  const blocks: CpuBlock[] = [];
  let values = new Map<string, string>();
  let firstLine = 0;
  const close = (): void => {
    if (values.size === 0) return;
    blocks.push(blockOf(values, firstLine, source));
    refuseAbove(blocks.length, importLimits.cpus, 'CPUs', source);
    values = new Map();
  };
  for (const [index, content] of text.split('\n').entries()) {
    const colon = content.indexOf(':');
    const key = colon < 0 ? '' : content.slice(0, colon).trim();
    if (content.trim() === '') close();
    // Some tools drop the empty lines between CPUs.
    else if (key === 'processor') close();
    if (key === '') {
      if (values.size > 0 && content.trim() !== '')
        throw invalid(`${shown(content)} has no colon`, `${source}: line ${index + 1}`);
      continue;
    }
    // A prompt or a file name before the first CPU is passed over.
    if (values.size === 0 && key !== 'processor') continue;
    if (values.size === 0) firstLine = index + 1;
    if (key.length <= 64) values.set(key, content.slice(colon + 1).trim());
  }
  close();
  if (new Set(blocks.map(({ cpu }) => cpu)).size < blocks.length) {
    throw invalid('lists a CPU twice', source, 'import the files of two hosts one by one');
  }
  return blocks;
}

function blockOf(values: ReadonlyMap<string, string>, line: number, source: string): CpuBlock {
  const where = `${source}: line ${line}`;
  const processor = values.get('processor') ?? '';
  if (values.has('CPU implementer') || values.has('cpu') || values.has('isa')) {
    throw unsupported('is of a CPU that is not x86', where, 'import hosts with x86 CPUs only');
  }
  if (!/^\d{1,5}$/.test(processor)) throw invalid(`processor is ${shown(processor)}, not a number`, where);
  for (const key of ['vendor_id', 'cpu family', 'model', 'flags']) {
    if (!values.has(key)) throw invalid(`CPU ${processor} has no line ${shown(key)}`, where);
  }
  return { cpu: Number(processor), line, values };
}

interface ReadGroup {
  readonly group: CpuGroup;
  readonly provenFlags: number;
  readonly otherFlags: number;
}

function groupOf(kind: readonly CpuBlock[], source: string): ReadGroup {
  const [block] = kind;
  if (block === undefined) throw invalid('has no CPU in it', source);
  const where = `${source}: line ${block.line}`;
  const vendor = block.values.get('vendor_id') ?? '';
  if (!/^[\x20-\x7e]{1,12}$/.test(vendor)) throw invalid(`vendor_id ${shown(vendor)} is no vendor of x86 CPUs`, where);
  const cpuid = new PartialCpuid();
  cpuid.putVendor(vendor, numberOf(block, 'cpuid level'));
  putSignature(cpuid, block, where);
  const brand = block.values.get('model name');
  if (brand !== undefined && brand !== '' && brand !== 'unknown') cpuid.putBrand(brand);

  const flags = (block.values.get('flags') ?? '').split(/\s+/).filter((flag) => flag !== '');
  refuseAbove(flags.length, importLimits.flagWords, 'flags', where);
  const context = { vendor, isGuest: flags.includes('hypervisor') };
  let provenFlags = 0;
  for (const flag of new Set(flags)) {
    const bits = bitsOfLinuxFlag(flag, context);
    for (const { word, bit } of bits) cpuid.putBit(word, bit);
    if (bits.length > 0) provenFlags += 1;
  }
  const group = { cpus: formatCpuList(kind.map(({ cpu }) => cpu)), cpuid: cpuid.toEntries() };
  return { group, provenFlags, otherFlags: new Set(flags).size - provenFlags };
}

function putSignature(cpuid: PartialCpuid, block: CpuBlock, where: string): void {
  const [family, model, stepping] = [
    numberOf(block, 'cpu family'),
    numberOf(block, 'model'),
    numberOf(block, 'stepping'),
  ];
  if (family === null || model === null) throw invalid('cpu family or model is not a number', where);
  // Linux writes "unknown" where leaf 1 tells no stepping.
  const signature = { family, model, stepping: stepping ?? 0 };
  if (!isSignature(signature)) throw invalid('family, model and stepping do not fit into CPUID leaf 1', where);
  cpuid.putSignature(signature);
}

function numberOf({ values }: CpuBlock, key: string): number | null {
  const text = values.get(key) ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function microcodeOf({ values }: CpuBlock): string | null {
  const text = values.get('microcode') ?? '';
  return /^0x[0-9a-f]{1,16}$/.test(text) ? text : null;
}

function notesOf(blocks: readonly CpuBlock[], groups: readonly ReadGroup[]): string[] {
  const [first] = groups;
  const revisions = new Set(blocks.map(({ values }) => values.get('microcode') ?? ''));
  const isGuest = blocks.some(({ values }) => / hypervisor /.test(` ${values.get('flags') ?? ''} `));
  return [
    'partial: /proc/cpuinfo shows what the kernel uses; a flag that it does not list is unknown, not absent',
    `${first?.provenFlags ?? 0} flags prove CPUID bits; ${first?.otherFlags ?? 0} others do not (Linux makes them up, or they are of no feature that QEMU knows)`,
    ...(revisions.size > 1 ? ['the CPUs run different microcode; the revision is that of the first'] : []),
    ...(isGuest ? ['the host is itself a guest; which hypervisor it runs under is not told'] : []),
  ];
}
