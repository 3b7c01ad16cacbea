import { AtlasError } from '@cpu-atlas/core';
import { unsafe, unsupported } from './faults.ts';
import { importLimits } from './import-limits.ts';

const textRemedy = 'paste the text itself, or save it as UTF-8';

/**
 * Text of a paste or a file: without byte order mark, with `\n` for line ends. Bytes are UTF-8, or UTF-16 with a byte
 * order mark (what a redirect in PowerShell writes).
 * @throws IMPORT_TOO_LARGE, IMPORT_UNSAFE (NUL bytes), IMPORT_UNSUPPORTED (other encodings, gzip, binaries)
 */
export function decodeText(input: string | Uint8Array, source: string): string {
  refuseLong(input.length, source);
  const text = typeof input === 'string' ? input : decodeBytes(input, source);
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const nul = body.indexOf('\0');
  if (nul >= 0) throw unsafe('has NUL bytes, so it is no text', `${source}: character ${nul}`, textRemedy);
  return body.includes('\r') ? body.replaceAll('\r\n', '\n') : body;
}

function refuseLong(length: number, source: string): void {
  if (length <= importLimits.textBytes) return;
  throw new AtlasError('IMPORT_TOO_LARGE', `has ${length} bytes, more than ${importLimits.textBytes}`, {
    where: source,
    remedy: 'import it in parts',
  });
}

function decodeBytes(bytes: Uint8Array, source: string): string {
  const [first, second] = bytes;
  if (first === 0x1f && second === 0x8b) throw unsupported('is gzip', source, 'unpack it first, or send a ZIP');
  try {
    return new TextDecoder(encodingOf(first, second), { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AtlasError('IMPORT_UNSUPPORTED', 'is neither UTF-8 nor UTF-16 text', {
      where: source,
      remedy: textRemedy,
      cause,
    });
  }
}

function encodingOf(first: number | undefined, second: number | undefined): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return 'utf-8';
}
