import { AtlasError } from '@cpu-atlas/core';
import { shown, unsupported } from './faults.ts';
import type { TextFormat } from './import-types.ts';
import { rootNameOf } from './xml/read-xml.ts';

/** Formats that are XML, by the name of the root element. */
const xmlFormats: Readonly<Record<string, TextFormat>> = {
  capabilities: 'virsh-capabilities',
  domainCapabilities: 'virsh-domcapabilities',
  cpudata: 'libvirt-cpudata',
};

/** Outputs of other commands that people take for the right one. */
const nearMisses: readonly { readonly sign: RegExp; readonly what: string; readonly remedy: string }[] = [
  { sign: /^CPU implementer\s*:/m, what: 'is of a CPU that is not x86', remedy: 'import hosts with x86 CPUs only' },
  { sign: /^[ \t]+vendor_id = "/m, what: 'is the decoded output of cpuid', remedy: 'use the raw one: cpuid -1 -r' },
  { sign: /^Architecture:\s/m, what: 'is the output of lscpu', remedy: 'use: cat /proc/cpuinfo' },
  { sign: /^flags\s*:\s/m, what: 'is a part of /proc/cpuinfo', remedy: 'paste the whole file' },
];

const knownFormats =
  'paste cpuid -1 -r, /proc/cpuinfo, virsh capabilities, virsh domcapabilities, CPU data of libvirt, QMP replies, or a host snapshot';

/**
 * The format of a text, by what stands in it; names of files are not asked.
 * @throws IMPORT_FORMAT_UNKNOWN, IMPORT_UNSUPPORTED (output of another command), IMPORT_UNSAFE (XML with a DTD)
 */
export function detectFormat(text: string, source: string): TextFormat {
  const start = text.search(/\S/);
  if (start < 0) throw unknownFormat('is empty', source);
  if (text[start] === '<') return detectXml(text, source);
  if (text[start] === '{') return /"cpu-atlas\/host-snapshot\/\d+"/.test(text) ? 'snapshot' : detectJson(text, source);
  if (/^[ \t]*0x[0-9a-f]{1,8} 0x[0-9a-f]{1,8}: eax=0x/im.test(text)) return 'cpuid-raw';
  if (/^processor\s*:\s*\d/m.test(text) && /^vendor_id\s*:/m.test(text)) return 'proc-cpuinfo';
  for (const { sign, what, remedy } of nearMisses) if (sign.test(text)) throw unsupported(what, source, remedy);
  throw unknownFormat(`begins with ${shown(text.slice(start, start + 40))}, which is no known format`, source);
}

function detectXml(text: string, source: string): TextFormat {
  const name = rootNameOf(text, source);
  if (name === null) throw unknownFormat('begins like XML, but has no element', source);
  const format = Object.hasOwn(xmlFormats, name) ? xmlFormats[name] : undefined;
  if (format !== undefined) return format;
  throw unknownFormat(`is XML with the root <${name}>`, source);
}

/** A catalog and other JSON of Atlas tell their schema; QMP has one of its own keys outside of all. */
function detectJson(text: string, source: string): TextFormat {
  const schema = /"schema"\s*:\s*"(cpu-atlas\/[\w/-]{1,40})"/.exec(text)?.[1];
  if (schema !== undefined) throw unsupported(`is JSON of the schema ${schema}`, source, 'import host snapshots only');
  if (/"(?:return|execute|QMP|error)"\s*:/.test(text)) return 'qmp';
  throw unknownFormat('is JSON, but neither QMP nor a host snapshot', source);
}

function unknownFormat(message: string, where: string): AtlasError {
  return new AtlasError('IMPORT_FORMAT_UNKNOWN', message, { where, remedy: knownFormats });
}
