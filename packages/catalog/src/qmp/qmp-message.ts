import { AtlasError } from '@cpu-atlas/core';

/** What QEMU says first. */
export interface QmpGreeting {
  readonly version: {
    readonly major: number;
    readonly minor: number;
    readonly micro: number;
    readonly package: string;
  };
  readonly capabilities: readonly string[];
}

export interface QmpEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly timestampMs: number | null;
}

/** Why QEMU refused a command: QMP's error class (nearly always `GenericError`) and its sentence. */
export interface QmpRefusal {
  readonly class: string;
  readonly desc: string;
}

export type QmpMessage =
  | { readonly kind: 'greeting'; readonly greeting: QmpGreeting }
  | { readonly kind: 'event'; readonly event: QmpEvent }
  | { readonly kind: 'return'; readonly id: unknown; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: unknown; readonly refusal: QmpRefusal };

type JsonObject = Readonly<Record<string, unknown>>;

/** QEMU itself accepts 1024 levels of nesting; its answers about CPUs stay under ten. */
const nestingLimit = 128;
const shownBytes = 120;

/**
 * Reads one line of QMP.
 * @throws QMP_PROTOCOL when the line is not JSON, is nested without measure, or is not a QMP message
 */
export function parseQmpMessage(line: Buffer): QmpMessage {
  const message = parseJson(line);
  if (!isObject(message)) throw notQmp(line, 'is not a JSON object');
  if ('return' in message) return { kind: 'return', id: message['id'], value: message['return'] };
  if (isObject(message['error'])) return { kind: 'refusal', id: message['id'], refusal: readRefusal(message['error']) };
  if (typeof message['event'] === 'string') return { kind: 'event', event: readEvent(message['event'], message) };
  if (isObject(message['QMP'])) return { kind: 'greeting', greeting: readGreeting(message['QMP'], line) };
  throw notQmp(line, 'is no greeting, event or reply');
}

function parseJson(line: Buffer): unknown {
  if (isNestedTooDeep(line)) throw notQmp(line, `is nested more than ${nestingLimit} levels deep`);
  try {
    return JSON.parse(line.toString('utf8'));
  } catch (cause) {
    throw notQmp(line, 'is not JSON', cause);
  }
}

/** A pass over the bytes before parsing: hostile nesting must not reach code that recurses over the answer. */
function isNestedTooDeep(line: Buffer): boolean {
  let depth = 0;
  for (let i = 0; i < line.length; i++) {
    const byte = line[i];
    if (byte === 0x22 /* " */) i = endOfString(line, i);
    else if (byte === 0x7b /* { */ || byte === 0x5b /* [ */) {
      if (++depth > nestingLimit) return true;
    } else if (byte === 0x7d /* } */ || byte === 0x5d /* ] */) depth--;
  }
  return false;
}

/** Index of the closing quote of the string that opens at `start`; the end of the line when there is none. */
function endOfString(line: Buffer, start: number): number {
  let i = start + 1;
  while (i < line.length && line[i] !== 0x22) i += line[i] === 0x5c /* \ */ ? 2 : 1;
  return i;
}

function readGreeting(value: JsonObject, line: Buffer): QmpGreeting {
  const version = isObject(value['version']) ? value['version'] : {};
  const { major, minor, micro } = isObject(version['qemu']) ? version['qemu'] : {};
  if (typeof major !== 'number' || typeof minor !== 'number' || typeof micro !== 'number') {
    throw notQmp(line, 'is a greeting without a version');
  }
  const packageName = typeof version['package'] === 'string' ? version['package'] : '';
  const capabilities = Array.isArray(value['capabilities']) ? value['capabilities'].filter(isString) : [];
  return { version: { major, minor, micro, package: packageName }, capabilities };
}

function readRefusal(error: JsonObject): QmpRefusal {
  const { class: className, desc } = error;
  return { class: isString(className) ? className : 'unknown', desc: isString(desc) ? desc : 'no description' };
}

function readEvent(name: string, message: JsonObject): QmpEvent {
  const data = isObject(message['data']) ? message['data'] : {};
  const { seconds, microseconds } = isObject(message['timestamp']) ? message['timestamp'] : {};
  // QEMU writes -1 where the host has no clock.
  const hasTime = typeof seconds === 'number' && typeof microseconds === 'number' && seconds >= 0;
  return { name, data, timestampMs: hasTime ? seconds * 1000 + microseconds / 1000 : null };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function notQmp(line: Buffer, what: string, cause?: unknown): AtlasError {
  const shown = JSON.stringify(line.subarray(0, shownBytes).toString('utf8'));
  const rest = line.length > shownBytes ? ` … (${line.length} bytes)` : '';
  return new AtlasError('QMP_PROTOCOL', `a line ${what}: ${shown}${rest}`, {
    remedy: 'check that the binary is a QEMU system emulator and that nothing else writes to its standard output',
    cause,
  });
}
