import type { LibvirtCpuMap, LibvirtFeature, LibvirtModel, LibvirtSignature } from '@cpu-atlas/core';
import { invalid } from '../faults.ts';
import { childrenOf, findElement, readXml, type XmlElement } from './read-xml.ts';

type LibvirtBit = LibvirtFeature['bits'][number];

/** The text of a file of the map, by its name. @throws what reading files throws */
export type ReadMapFile = (name: string) => Promise<string>;

/** libvirt includes files of its own folder only. */
const fileName = /^[A-Za-z0-9_.-]{1,100}\.xml$/;
const registers = ['eax', 'ebx', 'ecx', 'edx'] as const;

/**
 * libvirt's CPU map of x86 as it is installed: `index.xml` and the files that it includes. Features that a model gained
 * later (`added`) are left out: they are not part of what it stands for.
 * Source: libvirt, src/cpu_map and src/cpu/cpu_map.c; normally in /usr/share/libvirt/cpu_map
 * @throws IMPORT_INVALID, IMPORT_UNSAFE, IMPORT_TOO_LARGE, what `read` throws
 */
export async function readCpuMap(read: ReadMapFile, release: string): Promise<LibvirtCpuMap> {
  const index = readXml(await read('index.xml'), 'index.xml');
  const x86 = childrenOf(index, 'arch').find(({ attributes }) => attributes.name === 'x86');
  if (x86 === undefined) throw invalid('has no map of x86', 'index.xml');
  const parts: XmlElement[] = [];
  for (const name of includesOf(x86)) parts.push(readXml(await read(name), name));
  const all = (name: string): readonly XmlElement[] => parts.flatMap((part) => childrenOf(part, name));
  return {
    schema: 'cpu-atlas/libvirt-cpu-map/1',
    release,
    source: `libvirt ${release}, its installed cpu_map`,
    vendors: all('vendor').map((vendor) => ({ name: named(vendor), cpuid: vendor.attributes.string ?? '' })),
    features: all('feature').map(featureOf),
    models: all('model').map(modelOf),
  };
}

/** Newer releases put includes into groups. */
function includesOf(element: XmlElement): readonly string[] {
  return element.children.flatMap((child) => {
    if (child.name !== 'include') return includesOf(child);
    const name = child.attributes.filename ?? '';
    if (!fileName.test(name)) throw invalid(`includes ${JSON.stringify(name.slice(0, 100))}`, 'index.xml');
    return [name];
  });
}

function featureOf(element: XmlElement): LibvirtFeature {
  const qemu = childrenOf(element, 'alias')
    .filter(({ attributes }) => attributes.source === 'qemu')
    .map(named);
  return {
    name: named(element),
    bits: element.children.flatMap(bitsOf),
    ...(element.attributes.migratable === 'no' ? { migratable: false } : {}),
    ...(qemu.length === 0 ? {} : { qemu }),
  };
}

function bitsOf({ name, attributes, line }: XmlElement): readonly LibvirtBit[] {
  if (name !== 'cpuid' && name !== 'msr') return [];
  const number = (key: string): number => {
    const text = attributes[key] ?? '0';
    if (/^0x[0-9a-f]{1,8}$|^\d{1,9}$/i.test(text)) return Number(text);
    throw invalid(`${key} is no register value`, `line ${line}`);
  };
  return registers.flatMap((register) => {
    const value = number(register);
    const bits = Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => ((value >>> bit) & 1) === 1);
    if (name === 'msr')
      return bits.map((bit) => [`msr.${number('index').toString(16)}`, bit + (register === 'edx' ? 32 : 0)] as const);
    const place = `${number('eax_in').toString(16)}.${number('ecx_in').toString(16)}.${register.toUpperCase()}`;
    return bits.map((bit) => [place, bit] as const);
  });
}

function modelOf(element: XmlElement): LibvirtModel {
  const features = childrenOf(element, 'feature');
  const kept = features
    .filter(({ attributes }) => attributes.removed !== 'yes' && attributes.added !== 'yes')
    .map(named);
  const removed = features.filter(({ attributes }) => attributes.removed === 'yes').map(named);
  const signatures = childrenOf(element, 'signature').map(signatureOf);
  const vendor = findElement(element, 'vendor');
  const ancestor = findElement(element, 'model');
  const decode = findElement(element, 'decode')?.attributes;
  return {
    name: named(element),
    ...(vendor === undefined ? {} : { vendor: named(vendor) }),
    ...(ancestor === undefined ? {} : { ancestor: named(ancestor) }),
    features: kept,
    ...(removed.length === 0 ? {} : { removed }),
    ...(signatures.length === 0 ? {} : { signatures }),
    decode: { host: decode?.host !== 'off', guest: decode?.guest !== 'off' },
  };
}

/** `stepping='5-7,11'` lists steppings. */
function signatureOf({ attributes: { family, model, stepping }, line }: XmlElement): LibvirtSignature {
  if (!/^\d{1,4}$/.test(family ?? '') || !/^\d{1,4}$/.test(model ?? ''))
    throw invalid('is no signature of a CPU', `line ${line}`);
  const ranges = stepping === undefined ? [] : [...stepping.matchAll(/(\d{1,2})(?:-(\d{1,2}))?/g)];
  const steppings = ranges.flatMap(([, first, last = first]) =>
    Array.from({ length: Math.max(0, Number(last) - Number(first) + 1) }, (_, at) => Number(first) + at),
  );
  return { family: Number(family), model: Number(model), ...(stepping === undefined ? {} : { steppings }) };
}

function named({ name, attributes, line }: XmlElement): string {
  const own = attributes.name ?? '';
  if (own !== '' && own.length <= 128) return own;
  throw invalid(`<${name}> has no name`, `line ${line}`);
}
