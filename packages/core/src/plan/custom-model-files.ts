import { AtlasError } from '../errors.ts';
import type { CustomModel } from './custom-model.ts';

/** Longer files are refused before they are read. */
const limitCharacters = 1024 * 1024;
const limitModels = 1000;

/** Keys of Proxmox that are properties of the CPU, and what QEMU calls them. Source: Proxmox VE, cpu-models.conf(5) */
const proxmoxProperties = new Map([
  ['hv-vendor-id', 'hv-vendor-id'],
  ['phys-bits', 'phys-bits'],
  ['guest-phys-bits', 'guest-phys-bits'],
]);

function damaged(line: number, what: string): AtlasError {
  return new AtlasError('CPU_MODELS_INVALID', what, {
    where: `line ${line}`,
    remedy: 'write `cpu-model: NAME`, then indented `reported-model MODEL` and `flags +a;-b`',
  });
}

interface Section {
  readonly name: string;
  readonly line: number;
  readonly keys: { readonly key: string; readonly value: string; readonly line: number }[];
}

/** `type: name` begins a section, indented lines are its keys, `#` a comment. */
function readSections(text: string): Section[] {
  if (text.length > limitCharacters) throw damaged(1, `the file is longer than ${limitCharacters} characters`);
  const sections: Section[] = [];
  text.split(/\r?\n/).forEach((raw, at) => {
    const line = at + 1;
    if (raw.trim() === '' || raw.trimStart().startsWith('#')) return;
    const head = /^cpu-model:\s*(\S+)\s*$/.exec(raw);
    if (head) {
      if (sections.length >= limitModels) throw damaged(line, `more than ${limitModels} models`);
      if (sections.some(({ name }) => name === head[1])) throw damaged(line, `cpu-model ${head[1]} is there twice`);
      sections.push({ name: head[1], line, keys: [] });
      return;
    }
    const pair = /^\s+([A-Za-z][A-Za-z0-9-]*)\s+(\S.*?)\s*$/.exec(raw);
    const section = sections.at(-1);
    if (pair === null || section === undefined) throw damaged(line, `"${raw.trim().slice(0, 60)}" is not understood`);
    section.keys.push({ key: pair[1], value: pair[2], line });
  });
  return sections;
}

function readFlags(value: string, line: number): CustomModel['features'] {
  return value.split(';').flatMap((part) => {
    const flag = part.trim();
    if (flag === '') return [];
    const match = /^([+-])([A-Za-z0-9._-]+)$/.exec(flag);
    if (match === null) throw damaged(line, `flag "${flag.slice(0, 60)}" has no sign, or is no name`);
    return [{ name: match[2], isOn: match[1] === '+' }];
  });
}

/** The model that Proxmox takes where a custom one names none. Source: Proxmox VE, cpu-models.conf(5), reported-model */
const proxmoxDefaultBase = 'kvm64';

function readModel({ name, keys }: Section): CustomModel {
  let base = proxmoxDefaultBase;
  const features: CustomModel['features'][number][] = [];
  const properties: CustomModel['properties'][number][] = [];
  for (const { key, value, line } of keys) {
    const property = proxmoxProperties.get(key);
    if (key === 'reported-model') base = value;
    else if (key === 'flags') features.push(...readFlags(value, line));
    else if (key === 'hidden') properties.push(...(isTrue(value) ? [{ name: 'kvm', value: 'off' }] : []));
    else if (key === 'phys-bits' && value === 'host') properties.push({ name: 'host-phys-bits', value: 'on' });
    else if (property !== undefined) properties.push({ name: property, value: plain(value, line) });
    else throw damaged(line, `key "${key}" is not known`);
  }
  return { name, base, features, properties };
}

const isTrue = (value: string): boolean => /^(?:1|yes|on|true)$/i.test(value);

/** A value that goes onto a command line must not begin another option there. */
function plain(value: string, line: number): string {
  if (/[,\s]/.test(value)) throw damaged(line, 'a value must have no comma and no space');
  return value;
}

/**
 * Reads Proxmox's `/etc/pve/virtual-guest/cpu-models.conf`. A VM names such a model `custom-NAME`.
 * @throws CPU_MODELS_INVALID with the line
 */
export function parseProxmoxModels(text: string): CustomModel[] {
  return readSections(text).map(readModel);
}

/**
 * Writes models as Proxmox reads them. What it has no key for is told, not dropped silently.
 */
export function formatProxmoxModels(models: readonly CustomModel[]): {
  readonly text: string;
  readonly leftOut: readonly string[];
} {
  const leftOut: string[] = [];
  const sections = models.map(({ name, base, features, properties }) => {
    const lines = [`cpu-model: ${name}`];
    const flags = features.map((feature) => `${feature.isOn ? '+' : '-'}${feature.name}`);
    if (flags.length > 0) lines.push(`    flags ${flags.join(';')}`);
    for (const property of properties) {
      const line = proxmoxLine(property);
      if (line === null) leftOut.push(`${name}: ${property.name}=${property.value}`);
      else lines.push(`    ${line}`);
    }
    lines.push(`    reported-model ${base}`);
    return `${lines.join('\n')}\n`;
  });
  return { text: sections.join('\n'), leftOut };
}

function proxmoxLine({ name, value }: CustomModel['properties'][number]): string | null {
  if (name === 'kvm' && value === 'off') return 'hidden 1';
  if (name === 'host-phys-bits' && value === 'on') return 'phys-bits host';
  return proxmoxProperties.has(name) ? `${name} ${value}` : null;
}

/** QEMU takes a `-cpu` argument apart at its commas, and knows no way around it. */
function withoutComma(value: string, line: number): string {
  if (value.includes(',')) throw damaged(line, 'a value must have no comma');
  return value;
}

/** Keys of the old `[cpudef]` sections that became properties of the CPU under the same meaning. */
const cpudefProperties = new Map([
  ['level', 'level'],
  ['xlevel', 'xlevel'],
  ['vendor', 'vendor'],
  ['family', 'family'],
  ['model', 'model'],
  ['stepping', 'stepping'],
  ['model_id', 'model-id'],
]);
const cpudefFeatures = new Set(['feature_edx', 'feature_ecx', 'extfeature_edx', 'extfeature_ecx']);

/**
 * Reads the externally configurable models of QEMU before 1.5 (`target-x86_64.conf`): each becomes a custom model on
 * `base`, which has no features of its own.
 * Source: QEMU 1.0, sysconfigs/target/target-x86_64.conf and docs of -cpudef
 * @throws CPU_MODELS_INVALID with the line
 */
export function parseCpudefModels(text: string): CustomModel[] {
  if (text.length > limitCharacters) throw damaged(1, `the file is longer than ${limitCharacters} characters`);
  const models: {
    name: string | null;
    line: number;
    features: CustomModel['features'][number][];
    properties: CustomModel['properties'][number][];
  }[] = [];
  text.split(/\r?\n/).forEach((raw, at) => {
    const [line, content] = [at + 1, raw.trim()];
    if (content === '' || content.startsWith('#')) return;
    if (content === '[cpudef]') {
      if (models.length >= limitModels) throw damaged(line, `more than ${limitModels} models`);
      models.push({ name: null, line, features: [], properties: [] });
      return;
    }
    const pair = /^([a-z_]+)\s*=\s*"([^"]*)"$/.exec(content);
    const model = models.at(-1);
    if (pair === null || model === undefined) throw damaged(line, `"${content.slice(0, 60)}" is not understood`);
    const [, key, value] = pair;
    const property = cpudefProperties.get(key);
    if (key === 'name') model.name = value;
    else if (cpudefFeatures.has(key))
      model.features.push(
        ...value
          .split(/\s+/)
          .filter(Boolean)
          .map((name) => ({ name, isOn: true })),
      );
    else if (property !== undefined) model.properties.push({ name: property, value: withoutComma(value, line) });
    else throw damaged(line, `key "${key}" is not known`);
  });
  return models.map(({ name, line, features, properties }) => {
    if (name === null) throw damaged(line, 'the model has no name');
    return { name, base: 'base', features, properties };
  });
}
