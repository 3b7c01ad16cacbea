import { limits } from '@cpu-atlas/contract';
import { invalid, shown, unsupported } from '../faults.ts';
import { qemuNameOf } from '../flags/libvirt-names.ts';
import { refuseAbove } from '../import-limits.ts';
import { childrenOf, findElement, readXml, rootNameOf, type XmlElement } from '../xml/read-xml.ts';
import type { VmOptions, VmReading } from './read-vms.ts';
import { mostVms, toVmRecord, type RawVm } from './vm-fields.ts';

/**
 * libvirt domain XML as `virsh dumpxml` writes it of running VMs: one `<domain>`, or several after one another. What
 * libvirt makes of it on QEMU's command line is worked out for what decides the CPU.
 * @throws IMPORT_INVALID, IMPORT_UNSUPPORTED (host-model, which only the XML of the running VM spells out), IMPORT_AMBIGUOUS,
 *   IMPORT_UNSAFE, IMPORT_TOO_LARGE
 */
export function readDomains(text: string, options: VmOptions): VmReading {
  // A DTD at the top is refused as such, before it would stand inside an element.
  rootNameOf(text, options.source);
  const body = text.replace(/<\?xml[^>]{0,200}\?>/g, '');
  const root = readXml(`<atlas-domains>${body}</atlas-domains>`, options.source);
  const domains = domainsIn(root, 0);
  if (domains.length === 0) throw invalid('has no <domain>', options.source, 'give the output of: virsh dumpxml VM');
  refuseAbove(domains.length, mostVms, 'VMs', options.source);
  const notes = new Set<string>();
  const vms = domains.map((domain) => {
    const where = `${options.source}: line ${domain.line}`;
    return toVmRecord(readDomain(domain, where, notes), where, options);
  });
  return { vms, notes: [...notes] };
}

/** Lists and status files of libvirt wrap domains; a snapshot's own domain is a copy. */
const wrappers = new Set(['atlas-domains', 'domains', 'domstatus']);

function domainsIn(element: XmlElement, depth: number): readonly XmlElement[] {
  if (element.name === 'domain') return [element];
  return wrappers.has(element.name) && depth < 4
    ? element.children.flatMap((child) => domainsIn(child, depth + 1))
    : [];
}

function readDomain(domain: XmlElement, where: string, notes: Set<string>): RawVm {
  const kind = domain.attributes.type ?? '';
  if (kind !== 'kvm' && kind !== 'qemu') {
    throw unsupported(`is a domain of type ${shown(kind)}`, where, 'import VMs of QEMU and KVM');
  }
  const type = findElement(domain, 'os', 'type');
  const arch = type?.attributes.arch ?? 'x86_64';
  if (arch !== 'x86_64' && arch !== 'i686') throw unsupported(`is of ${shown(arch)}`, where, 'import x86 VMs only');
  const ioapic = findElement(domain, 'features', 'ioapic')?.attributes.driver;
  const edits = [...featureEdits(domain), ...clockEdits(domain)];
  return {
    name: findElement(domain, 'name')?.text ?? '',
    machine: type?.attributes.machine ?? '',
    cpu: [...readCpu(domain, where, notes), ...edits].join(','),
    accel: kind === 'kvm' ? 'kvm' : 'tcg',
    ...(ioapic === 'qemu' && { kernelIrqchip: 'split' }),
    ...(ioapic === 'kvm' && { kernelIrqchip: 'on' }),
    smp: readTopology(domain),
  };
}

/** The model and its features, as parts of a `-cpu` argument. */
function readCpu(domain: XmlElement, where: string, notes: Set<string>): string[] {
  const cpu = findElement(domain, 'cpu');
  const model = findElement(cpu, 'model')?.text ?? '';
  const mode = cpu?.attributes.mode ?? (model === '' ? '' : 'custom');
  const features = childrenOf(cpu, 'feature').flatMap(({ attributes }) => featureEdit(attributes, notes));
  switch (mode) {
    case 'custom':
      if (model === '') throw invalid('names no CPU model', where);
      return [model, ...features];
    case 'host-passthrough':
      return ['host', ...(cpu?.attributes.migratable === 'off' ? ['migratable=off'] : []), ...features];
    case 'maximum':
      return ['max', ...features];
    case 'host-model':
      throw unsupported(
        'has the CPU of the host as libvirt finds it when the VM starts',
        where,
        'give the XML of the running VM: virsh dumpxml VM, without --inactive',
      );
    default:
      notes.add('VMs without <cpu> have qemu64, the default of QEMU’s PC machine types');
      return ['qemu64', ...features];
  }
}

function featureEdit(attributes: XmlElement['attributes'], notes: Set<string>): string[] {
  const name = (attributes.name ?? '').slice(0, limits.nameLength);
  const policy = attributes.policy ?? 'require';
  if (!/^[\w.-]+$/.test(name)) return [];
  const qemu = qemuNameOf(name) ?? name;
  if (policy === 'optional') notes.add('features with the policy optional are taken as required');
  return [policy === 'disable' || policy === 'forbid' ? `${qemu}=off` : `${qemu}=on`];
}

/** Enlightenments that are a switch, by libvirt's name. Source: libvirt, formatdomain, hypervisor features */
const enlightenments: Readonly<Record<string, string>> = {
  relaxed: 'hv-relaxed',
  vapic: 'hv-vapic',
  vpindex: 'hv-vpindex',
  runtime: 'hv-runtime',
  synic: 'hv-synic',
  stimer: 'hv-stimer',
  reset: 'hv-reset',
  frequencies: 'hv-frequencies',
  reenlightenment: 'hv-reenlightenment',
  tlbflush: 'hv-tlbflush',
  ipi: 'hv-ipi',
  evmcs: 'hv-evmcs',
};

function featureEdits(domain: XmlElement): string[] {
  const features = findElement(domain, 'features');
  const isOn = (element: XmlElement | undefined): boolean => element?.attributes.state === 'on';
  const hyperv = findElement(features, 'hyperv')?.children ?? [];
  const pmu = findElement(features, 'pmu')?.attributes.state;
  return [
    ...(isOn(findElement(features, 'kvm', 'hidden')) ? ['kvm=off'] : []),
    ...hyperv.flatMap((element) =>
      isOn(element) && Object.hasOwn(enlightenments, element.name) ? [enlightenments[element.name]] : [],
    ),
    ...(pmu === 'on' || pmu === 'off' ? [`pmu=${pmu}`] : []),
  ];
}

/** libvirt gives the frequency in Hz. */
function clockEdits(domain: XmlElement): string[] {
  const timers = childrenOf(findElement(domain, 'clock'), 'timer');
  const frequency = timers.find(({ attributes }) => attributes.name === 'tsc')?.attributes.frequency ?? '';
  const bits = findElement(domain, 'cpu', 'maxphysaddr')?.attributes;
  return [
    ...(/^\d{1,15}$/.test(frequency) ? [`tsc-frequency=${frequency}`] : []),
    ...(bits?.mode === 'passthrough' ? ['host-phys-bits=on'] : []),
    ...(bits?.mode === 'emulate' && /^\d{1,2}$/.test(bits.bits ?? '') ? [`phys-bits=${bits.bits ?? ''}`] : []),
  ];
}

function readTopology(domain: XmlElement): Readonly<Record<string, number>> | undefined {
  const topology = findElement(domain, 'cpu', 'topology')?.attributes ?? {};
  const counts = ['sockets', 'dies', 'clusters', 'cores', 'threads'].flatMap((level) => {
    const text = topology[level] ?? '';
    return /^\d{1,5}$/.test(text) ? [[level, Number(text)] as const] : [];
  });
  const vcpus = findElement(domain, 'vcpu')?.text ?? '';
  const cpus = /^\d{1,5}$/.test(vcpus) ? [['cpus', Number(vcpus)] as const] : [];
  const all = [...cpus, ...counts];
  return all.length === 0 ? undefined : Object.fromEntries(all);
}
