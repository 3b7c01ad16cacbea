import type { Writable } from 'node:stream';

/** Where a command writes. Results go to `out`, progress and faults to `err`. */
export interface Terminal {
  readonly out: Writable;
  readonly err: Writable;
  readonly isOutTerminal: boolean;
  readonly isErrTerminal: boolean;
  readonly paint: Paint;
}

/** Colours of words on a terminal; plain text everywhere else, and where NO_COLOR is set. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly strong: (text: string) => string;
}

export function openTerminal(environment: Readonly<Record<string, string | undefined>>): Terminal {
  const isOutTerminal = process.stdout.isTTY === true;
  tolerateClosing(process.stdout);
  tolerateClosing(process.stderr);
  return {
    out: process.stdout,
    err: process.stderr,
    isOutTerminal,
    isErrTerminal: process.stderr.isTTY === true,
    paint: choosePaint(isOutTerminal && hasColour(environment)),
  };
}

/** Source: no-color.org: any value that is not empty switches colour off. */
function hasColour(environment: Readonly<Record<string, string | undefined>>): boolean {
  return (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
}

export function choosePaint(isColoured: boolean): Paint {
  const style =
    (open: number, close: number) =>
    (text: string): string =>
      isColoured && text !== '' ? `\u001B[${open}m${text}\u001B[${close}m` : text;
  return { good: style(32, 39), warn: style(33, 39), bad: style(31, 39), dim: style(2, 22), strong: style(1, 22) };
}

/**
 * Writes and waits until the reader has taken it: memory stays constant whatever the reader's speed. False: the reader
 * is gone (EPIPE), which is its right, and nothing more needs to be written.
 */
export async function write(stream: Writable, text: string): Promise<boolean> {
  if (closedStreams.has(stream) || stream.destroyed) return false;
  if (!stream.write(text)) await drained(stream);
  return !closedStreams.has(stream);
}

const closedStreams = new WeakSet<Writable>();

/** From now on a reader that goes away is no fault of this program. Other faults of the stream still are. */
export function tolerateClosing(stream: Writable): void {
  stream.on('error', (error: Error) => {
    if (!('code' in error) || (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED')) throw error;
    closedStreams.add(stream);
  });
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'error', 'close'] as const;
    const done = (): void => {
      for (const event of events) stream.off(event, done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
  });
}
