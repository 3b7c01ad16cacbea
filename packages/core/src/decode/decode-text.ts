import { AtlasError } from '../errors.ts';
import type { DecodedFeature, DecodedMessage, Decoding, MessageReader } from './decoding.ts';
import { guestMessages } from './guest-messages.ts';
import { libvirtMessages } from './libvirt-messages.ts';
import { qemuMessages } from './qemu-messages.ts';
import { kubevirtMessages, novaMessages, proxmoxMessages, xapiMessages } from './stack-messages.ts';

/** All readers, the most particular first: Nova quotes libvirt, libvirt quotes QEMU. */
const readers: readonly MessageReader[] = [
  qemuMessages,
  libvirtMessages,
  novaMessages,
  kubevirtMessages,
  xapiMessages,
  proxmoxMessages,
  guestMessages,
];

/** What is decoded in one go. Beyond it: cut the log to the part around the error. */
export const decodeLimits = { characters: 1_000_000, lineCharacters: 8_000, messages: 2_000 } as const;

/**
 * Reads what QEMU, libvirt, Nova, KubeVirt, XAPI, Proxmox or a guest printed, and tells features, layer and remedy.
 * Text in which nothing is recognised gives no message; it is no fault.
 * @throws REQUEST_TOO_LARGE
 */
export function decodeText(text: string): Decoding {
  if (text.length > decodeLimits.characters) {
    throw new AtlasError('REQUEST_TOO_LARGE', `the text has more than ${decodeLimits.characters} characters`, {
      where: 'text',
      remedy: 'paste the lines around the error',
    });
  }
  const lines = joinNova(text).split(/\r?\n/);
  const messages: DecodedMessage[] = [];
  let otherLines = 0;
  lines.forEach((whole, at) => {
    const line = whole.slice(0, decodeLimits.lineCharacters);
    if (line.trim() === '') return;
    const found = messages.length < decodeLimits.messages ? readLine(line, at + 1) : null;
    if (found === null) otherLines += 1;
    else messages.push(found);
  });
  return { messages, features: distinct(messages.flatMap(({ features }) => features)), otherLines };
}

function readLine(line: string, number: number): DecodedMessage | null {
  for (const { source, read } of readers) {
    const message = read(line);
    if (message !== null) return { source, line: number, text: line.trim(), ...message };
  }
  return null;
}

/** Nova writes the number of the result on a line of its own, two lines below; the lines in between stay counted. */
function joinNova(text: string): string {
  return text.replace(
    /(doesn't have compatibility\.?)((?:\s|\\n){1,8})(-?[0-2])(?=\s|\\n|$)/g,
    (_, words: string, gap: string, result: string) => `${words} ${result}${gap.replaceAll(/[^\n]/g, '')}`,
  );
}

function distinct(features: readonly DecodedFeature[]): readonly DecodedFeature[] {
  const seen = new Map<string, DecodedFeature>();
  for (const feature of features) {
    const key = `${feature.name} ${feature.bit}`;
    if (!seen.has(key)) seen.set(key, feature);
  }
  return [...seen.values()];
}
