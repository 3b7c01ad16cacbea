import { AtlasError } from '@cpu-atlas/core';
import type { QmpRefusal } from './qmp-message.ts';

/** How the answers ended. */
export interface StreamEnd {
  /** The stream stopped inside a line. */
  readonly inMidReply: boolean;
}

/** What QEMU said when it refused a command; null when `error` is another fault. */
export function qmpRefusalOf(error: unknown): QmpRefusal | null {
  return error instanceof QmpCommandError ? error.refusal : null;
}

/** QMP_ERROR with QMP's own words kept apart. */
class QmpCommandError extends AtlasError {
  readonly refusal: QmpRefusal;

  constructor(command: string, refusal: QmpRefusal) {
    super('QMP_ERROR', `${refusal.class}: ${refusal.desc}`, { where: command });
    this.refusal = refusal;
  }
}

/** A refusal as the fault of its command. */
export function refused(command: string, refusal: QmpRefusal): AtlasError {
  return new QmpCommandError(command, refusal);
}

/** The same fault, seen from one command that waited. */
export function during(command: string, error: AtlasError): AtlasError {
  return new AtlasError(error.code, error.message, { where: command, remedy: error.remedy, cause: error });
}

/** Nothing came in time. */
export function tooLate(what: string, timeoutMs: number): AtlasError {
  return new AtlasError('QEMU_TIMEOUT', `${what} within ${Math.round(timeoutMs)} ms`, {
    remedy: 'the machine may be overloaded; try again or raise the time limit',
  });
}

/** The stream ended, and nobody knows more. */
export function describeEnd(end: StreamEnd): AtlasError {
  return new AtlasError('QEMU_DIED', `QEMU closed the QMP stream${end.inMidReply ? ' in the middle of a reply' : ''}`);
}
