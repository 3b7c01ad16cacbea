import { composeSnapshot } from '../compose-snapshot.ts';
import type { CpuidRow } from '../cpuid/cpuid-registers.ts';
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
  const msrs = childrenOf(root, 'msr').map((element) => readMsr(element, options.source));
  const snapshot = composeSnapshot({ format: 'libvirt-cpudata', fallbackName: cpuName, hardware }, options);
  return {
    snapshots: [snapshot],
    notes: [
      'the data is of one CPU; whether the others of the host are equal is not told',
      ...notes,
      ...(msrs.length > 0 ? [`a snapshot has no place for MSRs of the CPU itself; left out: ${msrs.join(', ')}`] : []),
    ],
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

function readMsr(element: XmlElement, source: string): string {
  const [index, eax, edx] = ['index', 'eax', 'edx'].map((name) => readHex(element, name, source, false));
  const value = (BigInt(edx ?? 0) << 32n) | BigInt(eax ?? 0);
  return `${(index ?? 0).toString(16)}H = 0x${value.toString(16)}`;
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
