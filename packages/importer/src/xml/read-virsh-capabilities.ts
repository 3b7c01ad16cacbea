import type { HardwareLayer, UnreadQemu } from '@cpu-atlas/core';
import { composeSnapshot } from '../compose-snapshot.ts';
import { formatCpuList } from '@cpu-atlas/core';
import { invalid, shown, unsupported } from '../faults.ts';
import { bitsOfLibvirtName, vendorSignatures } from '../flags/libvirt-names.ts';
import { isSignature, PartialCpuid } from '../flags/partial-cpuid.ts';
import { importLimits, refuseAbove } from '../import-limits.ts';
import type { ImportOptions, Reading } from '../import-types.ts';
import { childrenOf, findElement, readXml, type XmlElement } from './read-xml.ts';

/**
 * `virsh capabilities`: the host's CPU as libvirt sees it, a model of libvirt's own CPU map and the features beyond it.
 * What the model has is in the map of that libvirt, not in this text, so it stays unknown; the features that are listed
 * are known. QEMU binaries are named without their versions.
 * @throws IMPORT_INVALID with the line, IMPORT_UNSUPPORTED (another architecture), IMPORT_UNSAFE, IMPORT_TOO_LARGE
 */
export function readVirshCapabilities(text: string, options: ImportOptions): Reading {
  const root = readXml(text, options.source);
  const host = findElement(root, 'host');
  const cpu = findElement(host, 'cpu');
  if (host === undefined || cpu === undefined) {
    throw invalid('has no CPU of a host in it', options.source, 'paste the whole output of: virsh capabilities');
  }
  const arch = findElement(cpu, 'arch')?.text ?? '';
  if (arch !== 'x86_64' && arch !== 'i686') {
    throw unsupported(`is of a host with ${shown(arch)}`, options.source, 'import hosts with x86 CPUs only');
  }
  const { hardware, model, notes } = readCpu(host, cpu, options.source);
  const unreadQemu = readEmulators(root);
  const snapshot = composeSnapshot(
    {
      format: 'virsh-capabilities',
      fallbackName: model ?? 'libvirt host',
      hardware,
      ...(unreadQemu.length > 0 && { unreadQemu }),
      ...(model !== null && { labels: { 'libvirt-model': model } }),
    },
    options,
  );
  return { snapshots: [snapshot], notes };
}

interface ReadCpu {
  readonly hardware: HardwareLayer;
  readonly model: string | null;
  readonly notes: readonly string[];
}

function readCpu(host: XmlElement, cpu: XmlElement, source: string): ReadCpu {
  const cpuid = new PartialCpuid();
  const vendorName = findElement(cpu, 'vendor')?.text ?? '';
  const vendor = Object.hasOwn(vendorSignatures, vendorName) ? vendorSignatures[vendorName] : undefined;
  if (vendor !== undefined) cpuid.putVendor(vendor, null);
  putSignature(cpuid, cpu, source);
  const features = childrenOf(cpu, 'feature').map(({ attributes }) => attributes.name ?? '');
  const unknownNames: string[] = [];
  let ofMsrs = 0;
  for (const name of features) {
    const bits = bitsOfLibvirtName(name);
    if (bits === null) unknownNames.push(name);
    else if (bits.length === 0) ofMsrs += 1;
    else for (const { word, bit } of bits) cpuid.putBit(word, bit);
  }
  const entries = cpuid.toEntries();
  if (entries.length === 0) throw invalid('tells nothing of the CPU', `${source}: line ${cpu.line}`);
  const tscKhz = tscKhzOf(cpu);
  const microcode = microcodeOf(cpu);
  const model = findElement(cpu, 'model')?.text ?? null;
  return {
    model: model === '' ? null : model,
    hardware: {
      cpus: [{ cpus: cpuNumbersOf(host, source), cpuid: entries }],
      ...(microcode !== null && { microcode }),
      ...(tscKhz !== null && { tscKhz }),
      partial: true,
    },
    notes: [
      `partial: libvirt tells the features beyond its model ${shown(model ?? '')}; those within it, and all that it does not list, are unknown`,
      ...(unknownNames.length > 0 ? [`features without a known bit were left out: ${listNames(unknownNames)}`] : []),
      ...(ofMsrs > 0
        ? [`${ofMsrs} features are bits of MSRs, of which the other bits are not told; they were left out`]
        : []),
    ],
  };
}

function putSignature(cpuid: PartialCpuid, cpu: XmlElement, source: string): void {
  const element = findElement(cpu, 'signature');
  if (element === undefined) return;
  const [family, model, stepping] = ['family', 'model', 'stepping'].map((name) => numberOf(element.attributes[name]));
  const signature = { family: family ?? -1, model: model ?? -1, stepping: stepping ?? -1 };
  if (!isSignature(signature)) {
    throw invalid('family, model and stepping do not fit into CPUID leaf 1', `${source}: line ${element.line}`);
  }
  cpuid.putSignature(signature);
}

/** All CPUs of the NUMA cells; `0` where the text lists none. */
function cpuNumbersOf(host: XmlElement, source: string): string {
  const cells = childrenOf(findElement(host, 'topology', 'cells'), 'cell');
  const ids = cells.flatMap((cell) =>
    childrenOf(findElement(cell, 'cpus'), 'cpu').map(({ attributes }) => numberOf(attributes.id)),
  );
  const numbers = ids.filter((id) => id !== null && id < importLimits.cpus).map(Number);
  refuseAbove(ids.length, importLimits.cpus, 'CPUs', source);
  return numbers.length === 0 ? '0' : formatCpuList(numbers);
}

/** libvirt gives Hz. */
function tscKhzOf(cpu: XmlElement): number | null {
  const counter = childrenOf(cpu, 'counter').find(({ attributes }) => attributes.name === 'tsc');
  const hertz = numberOf(counter?.attributes.frequency);
  return hertz === null || hertz === 0 ? null : Math.round(hertz / 1000);
}

/** libvirt writes the revision in decimal. */
function microcodeOf(cpu: XmlElement): string | null {
  const revision = numberOf(findElement(cpu, 'microcode')?.attributes.version);
  return revision === null ? null : `0x${revision.toString(16)}`;
}

function readEmulators(root: XmlElement): readonly UnreadQemu[] {
  const paths = childrenOf(root, 'guest').flatMap((guest) => {
    const arch = findElement(guest, 'arch');
    if (arch?.attributes.name !== 'x86_64') return [];
    return [arch, ...childrenOf(arch, 'domain')].flatMap((element) =>
      childrenOf(element, 'emulator').map(({ text }) => text),
    );
  });
  return [...new Set(paths)]
    .filter((path) => path !== '')
    .slice(0, 256)
    .map((path) => ({
      path,
      unknown: {
        code: 'NOT_IN_IMPORT',
        reason: 'virsh capabilities names the binary, not its version',
        remedy: 'run on that host: cpu-atlas probe',
      },
    }));
}

function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function listNames(names: readonly string[]): string {
  const listed = names
    .slice(0, 12)
    .map((name) => name.slice(0, 40))
    .join(', ');
  return names.length > 12 ? `${listed} and ${names.length - 12} more` : listed;
}
