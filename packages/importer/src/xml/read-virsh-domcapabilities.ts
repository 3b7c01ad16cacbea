import { findFeatureBits, type Accelerator, type ObservedAccelerator } from '@cpu-atlas/core';
import { composeSnapshot } from '../compose-snapshot.ts';
import { invalid, shown, unsupported } from '../faults.ts';
import { qemuNameOf, vendorSignatures } from '../flags/libvirt-names.ts';
import type { ImportOptions, Reading } from '../import-types.ts';
import { isPropertyName, namedFeatures } from '../qmp/property-name.ts';
import { childrenOf, findElement, readXml, type XmlElement } from './read-xml.ts';

/** libvirt's names of domain types. */
const accelerators: Readonly<Record<string, Accelerator>> = { kvm: 'kvm', qemu: 'tcg' };

/** libvirt's map says of these, against QEMU, that they do not migrate, and disables them for that reason alone. */
const unmigratableForLibvirt = new Set(['xsaves', 'invtsc']);

/**
 * `virsh domcapabilities`: what one QEMU binary can give on one machine type. Of host-model the features that libvirt
 * requires are there, and those that it disables are not; what its model has is in libvirt's CPU map, and unknown here.
 * A usable model lacks nothing; of an unusable one the blockers are what it lacks.
 *
 * Source: the recorded capabilities of libvirt 9.0 and 11.3 against the QMP sessions they came from: in 28 of them every
 * required feature is on in `-cpu host,migratable=off`, and every disabled one off.
 * @throws IMPORT_INVALID with the line, IMPORT_UNSUPPORTED (another architecture or accelerator), IMPORT_UNSAFE
 */
export function readVirshDomcapabilities(text: string, options: ImportOptions): Reading {
  const root = readXml(text, options.source);
  const accelerator = acceleratorOf(root, options.source);
  const host = readHostModel(root);
  const { unavailable, untold } = readModels(root, options.source);
  const modelCount = Object.keys(unavailable).length;
  if (host === null && modelCount === 0) {
    throw invalid('tells of no CPU model', options.source, 'paste the whole output of: virsh domcapabilities');
  }
  const path = findElement(root, 'path')?.text ?? '';
  const machine = findElement(root, 'machine')?.text ?? '';
  const observed: ObservedAccelerator = { ...(host !== null && { host }), ...(modelCount > 0 && { unavailable }) };
  const snapshot = composeSnapshot(
    {
      format: 'virsh-domcapabilities',
      fallbackName: path === '' ? 'libvirt host' : path,
      qemu: [
        {
          path: path === '' ? 'unknown' : path,
          version: options.qemuVersion ?? 'unknown',
          observed: accelerator === 'kvm' ? { kvm: observed } : { tcg: observed },
        },
      ],
      ...(machine !== '' && { labels: { 'libvirt-machine': machine } }),
    },
    options,
  );
  const notes = [
    'libvirt tells of host-model only what differs from a model of its own; the rest is unknown',
    ...(options.qemuVersion === undefined ? [versionNote(machine)] : []),
    ...(untold.length > 0
      ? [`${untold.length} models are not usable for a reason that libvirt does not tell, and unknown`]
      : []),
  ];
  return { snapshots: [snapshot], notes };
}

function acceleratorOf(root: XmlElement, source: string): Accelerator {
  const arch = findElement(root, 'arch')?.text ?? '';
  if (arch !== 'x86_64' && arch !== 'i686') {
    throw unsupported(`is of guests with ${shown(arch)}`, source, 'ask for: virsh domcapabilities --arch x86_64');
  }
  const domain = findElement(root, 'domain')?.text ?? '';
  const accelerator = Object.hasOwn(accelerators, domain) ? accelerators[domain] : undefined;
  if (accelerator !== undefined) return accelerator;
  throw unsupported(`is of the domain type ${shown(domain)}`, source, 'ask for: virsh domcapabilities --virttype kvm');
}

/** By QEMU's property names. Null: libvirt offers no host-model. */
function readHostModel(root: XmlElement): Record<string, boolean | string> | null {
  const mode = childrenOf(findElement(root, 'cpu'), 'mode').find(({ attributes }) => attributes.name === 'host-model');
  if (mode === undefined || mode.attributes.supported !== 'yes') return null;
  const properties = new Map<string, boolean | string>();
  for (const { attributes } of childrenOf(mode, 'feature')) {
    const value = valueOf(attributes.name ?? '', attributes.policy ?? '');
    const name = qemuNameOf(attributes.name ?? '');
    if (name !== null && value !== null) properties.set(name, value);
  }
  const vendorName = findElement(mode, 'vendor')?.text ?? '';
  const vendor = Object.hasOwn(vendorSignatures, vendorName) ? vendorSignatures[vendorName] : undefined;
  if (vendor !== undefined) properties.set('vendor', vendor);
  return Object.fromEntries(properties);
}

/** Null: not known. */
function valueOf(libvirtName: string, policy: string): boolean | null {
  if (policy === 'require' || policy === 'force') return true;
  if (policy !== 'disable' && policy !== 'forbid') return null;
  const isMigratable = findFeatureBits(qemuNameOf(libvirtName) ?? '').every(({ migratable }) => migratable);
  return isMigratable && !unmigratableForLibvirt.has(libvirtName) ? false : null;
}

interface ReadModels {
  readonly unavailable: Readonly<Record<string, readonly string[]>>;
  /** Not usable, without blockers: older releases of libvirt do not tell them. */
  readonly untold: readonly string[];
}

function readModels(root: XmlElement, source: string): ReadModels {
  const mode = childrenOf(findElement(root, 'cpu'), 'mode').find(({ attributes }) => attributes.name === 'custom');
  const blockers = new Map(
    childrenOf(mode, 'blockers').map((element) => [
      element.attributes.model ?? '',
      childrenOf(element, 'feature').map(({ attributes }) => attributes.name ?? ''),
    ]),
  );
  const unavailable = new Map<string, readonly string[]>();
  const untold: string[] = [];
  for (const { text, attributes, line } of childrenOf(mode, 'model')) {
    if (!isPropertyName(text)) throw invalid(`${shown(text)} is no name of a CPU model`, `${source}: line ${line}`);
    const missing = namedFeatures(blockers.get(text) ?? []) ?? [];
    if (attributes.usable === 'yes') unavailable.set(text, []);
    else if (missing.length > 0)
      unavailable.set(
        text,
        missing.map((name) => qemuNameOf(name) ?? name),
      );
    else if (attributes.usable === 'no') untold.push(text);
  }
  return { unavailable: Object.fromEntries(unavailable), untold };
}

/** A versioned machine type bounds the version of the binary from below. */
function versionNote(machine: string): string {
  const since = /^pc-(?:q35|i440fx)-(\d{1,3}\.\d{1,3})(?:\.|$)/.exec(machine)?.[1];
  const bound = since === undefined ? '' : `; its machine type ${machine} came with QEMU ${since}`;
  return `the version of QEMU is not told${bound}; name it to choose a catalog`;
}
