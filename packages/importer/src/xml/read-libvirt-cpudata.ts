import type { FeatureMsr } from '@cpu-atlas/core';
import { composeSnapshot } from '../compose-snapshot.ts';
import { toHex32, type CpuidRow } from '../cpuid/cpuid-registers.ts';
import { hardwareOfDumps } from '../cpuid/hardware-of-dumps.ts';
import { invalid, shown, unsupported } from '../faults.ts';
import type { ImportOptions, Reading } from '../import-types.ts';
import { childrenOf, readXml, type XmlElement } from './read-xml.ts';

/**
 * libvirt's CPU data, as in its cputestdata: `<cpudata arch='x86'>` with a `<cpuid>` a leaf and an `<msr>` a register.
 * It is of one CPU.
 * @throws IMPORT_INVALID with the line, IMPORT_UNSUPPORTED (another architecture), IMPORT_UNSAFE, IMPORT_TOO_LARGE
 */
export function readLibvirtCpudata(text: string, options: ImportOptions): Reading {
  const root = readXml(text, options.source);
  const arch = root.attributes.arch ?? '';
  if (arch !== 'x86') {
    throw unsupported(`is CPU data of ${shown(arch)}`, options.source, 'import hosts with x86 CPUs only');
  }
  const rows = childrenOf(root, 'cpuid').map((element) => readRow(element, options.source));
  const { hardware, cpuName, notes } = hardwareOfDumps([{ cpu: 0, rows }], options.source);
  const msrs = readMsrs(root, options.source);
  const snapshot = composeSnapshot(
    { format: 'libvirt-cpudata', fallbackName: cpuName, hardware: { ...hardware, ...(msrs.length > 0 && { msrs }) } },
    options,
  );
  return {
    snapshots: [snapshot],
    notes: ['the data is of one CPU; whether the others of the host are equal is not told', ...notes],
  };
}

function readRow(element: XmlElement, source: string): CpuidRow {
  const read = (name: string, isOptional = false): number => readHex(element, name, source, isOptional);
  return {
    leaf: read('eax_in'),
    subleaf: read('ecx_in', true),
    eax: read('eax'),
    ebx: read('ebx'),
    ecx: read('ecx'),
    edx: read('edx'),
  };
}

/** The MSRs of feature bits that libvirt read, each once. */
function readMsrs(root: XmlElement, source: string): readonly FeatureMsr[] {
  const msrs = new Map<string, FeatureMsr>();
  for (const element of childrenOf(root, 'msr')) {
    const msr = readMsr(element, source);
    const known = msrs.get(msr.index);
    if (known !== undefined && known.value !== msr.value) {
      throw invalid(`tells two values of MSR ${msr.index}`, `${source}: line ${element.line}`);
    }
    msrs.set(msr.index, msr);
  }
  return [...msrs.values()];
}

function readMsr(element: XmlElement, source: string): FeatureMsr {
  const [index = 0, eax = 0, edx = 0] = ['index', 'eax', 'edx'].map((name) => readHex(element, name, source, false));
  return { index: toHex32(index), value: `0x${((BigInt(edx) << 32n) | BigInt(eax)).toString(16)}` };
}

function readHex(element: XmlElement, name: string, source: string, isOptional: boolean): number {
  const text = element.attributes[name];
  if (text === undefined && isOptional) return 0;
  if (text === undefined || !/^0x[0-9a-f]{1,8}$/i.test(text)) {
    const what = text === undefined ? 'is missing' : `is ${shown(text)}, not a 32-bit hex value`;
    throw invalid(`${name} of <${element.name}> ${what}`, `${source}: line ${element.line}`);
  }
  return Number.parseInt(text.slice(2), 16);
}
